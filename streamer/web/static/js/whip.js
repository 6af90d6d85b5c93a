// Publishing this browser's camera by WHIP (RFC 9725).

import { Problem } from "./api.js";

const GATHER_MS = 1_500;

/**
 * @param {string} address of the stream @param {string} token @param {MediaStreamTrack} track @param {(state: RTCPeerConnectionState) => void} changed
 * @returns {Promise<{stop: (how?: {keepalive?: boolean}) => Promise<void>}>}
 */
export async function publish(address, token, track, changed) {
  const peer = new RTCPeerConnection();
  peer.addTransceiver(track, { direction: "sendonly" });
  peer.addEventListener("connectionstatechange", () => changed(peer.connectionState));
  try {
    await peer.setLocalDescription(await peer.createOffer());
    await gathered(peer);
    const headers = { "Content-Type": "application/sdp", Authorization: `Bearer ${token}` };
    const reply = await fetch(address, { method: "POST", headers, body: peer.localDescription?.sdp });
    const text = await reply.text();
    if (!reply.ok) throw new Problem(reply.status, `Answer ${reply.status}`, text.trim());
    await peer.setRemoteDescription({ type: "answer", sdp: text });
    const session = new URL(reply.headers.get("Location") ?? address, new URL(address, location.href)).href;
    return {
      async stop(how = {}) {
        peer.close();
        await fetch(session, {
          method: "DELETE",
          headers: { Authorization: `Bearer ${token}` },
          keepalive: how.keepalive,
        }).catch(() => {});
      },
    };
  } catch (problem) {
    peer.close();
    throw problem;
  }
}

/** All ways to this browser are known, or enough of them. @param {RTCPeerConnection} peer @returns {Promise<void>} */
function gathered(peer) {
  return new Promise((done) => {
    setTimeout(done, GATHER_MS);
    const look = () => peer.iceGatheringState === "complete" && done();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}

/** A token that nobody can guess: 32 hexadecimal digits. */
export function secret() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
}
