"""What somebody can do about a camera that does not deliver, by the word of its fault."""

REMEDIES = {
    "auth": "check the user name and password; put them as user:password into a file and name it credentials_file",
    "denied": "give this user the right to view the stream (for a file: to read it)",
    "not_found": "check the path of the address; the camera's manual or its ONVIF profile tells it",
    "refused": "check that the camera is switched on and that address and port are right",
    "dns": "check the host's name, or use its IP address",
    "timeout": "check the network and firewall between here and the camera, and try transport: udp",
    "stall": "the camera accepts and sends no pictures: check its video settings, or restart it",
    "eof": "the camera ended the stream: check how many viewers it allows at once",
    "tls": "give the camera's certificate (or that of its authority) as ca_file; HLS over https cannot be verified",
    "too_large": "choose a smaller stream of the camera, or raise max_pixels",
    "codec": "set the camera to H.264 or H.265",
    "no_video": "choose a stream with video: check the path of the address",
    "not_video": "give a video file (MP4, MKV, MPEG-TS, AVI) or an rtsp:// or http:// address",
    "decode": "the stream is broken or lossy: use transport: tcp and check the network",
    "protocol": "check that the address is that of an RTSP or HTTP stream, and the camera's transport settings",
    "ts_jump": "the camera's clock jumps: check its time settings",
}
