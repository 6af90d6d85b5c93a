"""Every line that the service logs has a code, which stays when its words change. See docs/logs.md."""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    # camera.*: what cameras do
    "stream %s: live, epoch %d": "camera.live",
    "stream %s: %s (%s); next try in %.1f s": "camera.lost",
    "stream %s: the recording ends early: %s (%s)": "camera.recording_broken",
    "stream %s: its pictures show nothing: %s": "camera.blind",
    "stream %s: it sees again": "camera.sees",
    "stream %s: this machine's clock was set by %+.0f s; its times follow with the next connection": "camera.clock",
    "stream %s: %s in the decode thread\n%s": "camera.bug",
    "stream %s failed by a bug; it starts again in %g s": "stream.bug",
    "stream %s: %s begins to publish": "camera.published",
    "a candidate that is none": "camera.candidate",
    "a peer connection did not close in time": "camera.peer_lingers",
    # stream.*: what is watched
    "stream %s: stopped": "stream.stopped",
    "stream %s: started": "stream.started",
    "stream %s: %s": "stream.changed",
    "streams that were kept are not watched: %s": "stream.kept_unreadable",
    "stream %s of %s is not watched: %s": "stream.kept_invalid",
    "stream %s is not watched: no worker has room for it": "stream.waits",
    "stream %s is degraded: one of %d of its clips is looked at": "stream.degraded",
    "stream %s is looked at as it is configured": "stream.full_pace",
    "stream %s keeps its pace: %s": "stream.pace_kept",
    "stream %s, watch %s: only the central square of its region is looked at, %.0f %% of it; "
    "give a region that is nearly square in pixels": "stream.region_unseen",
    "stream %s, watch %s is paused for %g s: its recognizer has no time for it; give it a longer hop_s, "
    "a smaller network, or fewer watches": "stream.paused",
    "stream %s, watch %s: a message on %s %s": "stream.unit_name",
    "stream %s: an acknowledgement is not taken: %s": "stream.acknowledgement_refused",
    "an acknowledgement on %s is not taken: %s": "stream.acknowledgement_refused",
    "epoch %d of stream %s begins though it is not stored: %s": "stream.epoch_not_stored",
    # config.*: what is to be done
    "the configuration was read again: nothing is different from what runs": "config.same",
    "the configuration, or a procedure of it, cannot be read now; what runs goes on": "config.away",
    "the changed configuration is not taken, what runs goes on: %s": "config.refused",
    "the changed configuration is not taken, by a bug; what runs goes on": "config.bug",
    "%s: what is different there takes effect at the next start": "config.next_start",
    "%s is not shown: %s": "config.procedure_not_shown",
    # network.*: who recognizes
    "recognizer %s failed on a batch of %d clips: %s": "network.failed",
    "recognizer %s drifts: %s; %s": "network.drifts",
    "recognizer %s sees what it was taught again: %s": "network.usual",
    "recognizer %s: %s was promoted over %s": "network.promoted",
    "recognizer %s: the configuration names %s now, so that what was promoted over %s is not taken": (
        "network.overruled"
    ),
    "recognizer %s: model %s (%s) took over from %s": "network.took_over",
    "recognizer %s stays as it is: %s": "network.stays",
    "recognizer %s runs without its shadow: %s": "network.no_shadow",
    "the shadow of recognizer %s failed on a clip: %s": "network.shadow_failed",
    "the shadow of recognizer %s ends by a bug; the live network is not concerned": "network.shadow_bug",
    "a hard example of recognizer %s is not kept: %s": "network.example_lost",
    "a hard example of recognizer %s is not kept, by a bug": "network.example_bug",
    "%s is full; label its clips and take them away, or give it more room": "network.examples_full",
    # broker.*: MQTT
    "connected to the MQTT broker, protocol %s": "broker.connected",
    "no connection to the MQTT broker %s:%d: %s%s": "broker.away",
    "lost the MQTT broker: %s%s": "broker.lost",
    "the broker does not let us listen to %s (%s); see its access list": "broker.subscription_refused",
    "the broker does not take %s/%s (%s): what it forgets cannot be seen; see its access list": "broker.mark_refused",
    "the broker does not keep %s: %s; see its access list and limits": "broker.retain_refused",
    "the broker may have forgotten what it acknowledged since %.3f (Unix seconds)": "broker.forgot",
    "what the broker has forgotten cannot be read: %s": "broker.forgotten_unreadable",
    "a message from the broker is not looked at: %s": "broker.message_dropped",
    "a message on %s could not be taken because of a bug": "broker.message_bug",
    "what was shown before is not known, so it stays: %s cannot be read (%s)": "broker.shown_unreadable",
    "what is shown cannot be remembered for the next start: %s": "broker.shown_not_kept",
    "the command on %s is taken": "command.taken",
    "the command on %s is not taken: %s": "command.refused",
    "the connection ended before the mark was moved on": "broker.mark_late",
    "the broker did not take the goodbye": "broker.goodbye_late",
    "the loop has ended before the connection": "broker.closed_late",
    "a message is lost to this subscriber: %s": "broker.subscriber_lost",
    # event.*: events on their way
    "%d events are not stored: the outbox takes none": "event.lost",
    "%d events wait in memory, the outbox takes none: %s": "event.waits_in_memory",
    "message %s to %s was refused for good: %s": "event.refused",
    "%d messages are sent again, in case they were lost behind the sink": "event.replayed",
    "%d messages for %s are left in the outbox and will be delivered at the next start": "event.left",
    "what was lost cannot be announced yet: %s": "event.gap_waits",
    # outbox.*: the disk they wait on
    "%s": "outbox.failed",
    "the outbox is full, or they are too old: %d messages of class %s were given up": "outbox.full",
    "the outbox is damaged (%s); it was set aside as %s and a new one begun with the %d rows still readable": (
        "outbox.damaged"
    ),
    "the outbox is damaged: %d rows of its table %s are none, and were taken out": "outbox.mended",
    "the outbox %s is damaged (%s); %d rows could still be read": "outbox.neighbour_damaged",
    "what waited in the outbox %s, whose owner is gone, was taken over": "outbox.adopted",
    "the outbox %s is not taken over: %s": "outbox.not_adopted",
    "the outbox cannot give anything back to the full disk: %s": "outbox.no_shrink",
    "the outbox cannot be tidied: %s": "outbox.untidy",
    "the state of the outbox cannot be read: %s": "outbox.unreadable",
    "waiting messages cannot be read: %s": "outbox.unreadable",
    "a settled message cannot be removed from the outbox: %s": "outbox.not_removed",
    "the loop has ended before the outbox": "outbox.closed_late",
    # worker.*: several of them
    "worker %s takes streams (process %s)": "worker.began",
    "worker %s ended (%s); it begins again in %.1f s": "worker.ended",
    "worker %s hangs (%s): it is killed": "worker.hangs",
    "worker %s is not ready: %s": "worker.not_ready",
    "worker %s cannot watch what it is to: %s": "worker.cannot_watch",
    "a question of the supervisor failed by a bug": "worker.bug",
    "%s cannot be written (%s): terms go by the clock at the next start": "worker.terms_not_kept",
    # service.*
    "%s: stopping; a second signal leaves at once": "service.stopping",
    "this machine's clock was set by %+.1f s": "service.clock",
    "others reach http.host, and without http.tokens the page and the API answer nobody": "service.no_tokens",
    "%s cannot have a socket (%s): commands do not reach this service": "service.no_socket",
    "a request over the control socket came to nothing: %s": "service.request_lost",
    "a request over the control socket failed by a bug": "service.request_bug",
    "the history %s: what happens is not remembered: %s": "history.not_kept",
    "the history %s is damaged (%s); a new one begins": "history.damaged",
    "%s %r by %s from %s": "api.asked",
    "%s %s failed by a bug": "api.bug",
    # evidence.*, label.*, live.*: pictures for people
    "evidence kept: %s (%d bytes) of %s/%s%s": "evidence.kept",
    "evidence read: %s by %s": "evidence.read",
    "evidence removed: %s (%s)": "evidence.removed",
    "evidence removed: %s, which was never finished": "evidence.removed",
    "evidence %s cannot be removed (%s); remove it by hand": "evidence.not_removed",
    "old evidence is not removed, by a bug": "evidence.removal_bug",
    "evidence cannot be looked at (%s); give a folder that this user may read": "evidence.unreadable",
    "stream %s: no %s of an event is kept: %s": "evidence.missing",
    "stream %s: no %s of an event is kept, by a bug": "evidence.bug",
    "stream %s: nothing of an event is kept, by a bug": "evidence.bug",
    "people cannot be looked for, so that all of the picture is hidden: %s": "evidence.all_hidden",
    "label kept: %s as %r%s": "label.kept",
    "label removed: %s": "label.removed",
    "a picture is not shown: %s": "live.failed",
    "a picture is not shown, by a bug": "live.bug",
    # integrations
    "Home Assistant started: devices are announced again": "home_assistant.announced",
    "what was announced to Home Assistant is not known, %s cannot be read: %s": "home_assistant.unreadable",
    "devices may stay in Home Assistant when they are gone: %s: %s": "home_assistant.not_kept",
    "Sparkplug edge node %s/%s: births, bdSeq %d": "sparkplug.born",
    "no Sparkplug connection to %s:%d: %s%s": "sparkplug.away",
    "the Sparkplug connection ended: %s%s": "sparkplug.lost",
    "the host application %s is away: the session ends": "sparkplug.host_away",
    "a state of the host application is not understood: %s": "sparkplug.host_unclear",
    "a Sparkplug command is not looked at: %s": "sparkplug.command_dropped",
    "the number of the connection is not kept for the next start: %s": "sparkplug.number_not_kept",
    "the number of the last connection is not known, %s cannot be read: %s": "sparkplug.number_unreadable",
    "the broker did not take the death certificate; it has the will": "sparkplug.goodbye_late",
    "traces cannot be sent to %s (%s); they are lost until they can be, events are not concerned": "trace.away",
    "traces are sent to %s again; %d spans were lost meanwhile": "trace.back",
}
"""By the text of the line before anything is put in."""


def code_of(logger: str, text: object) -> str:
    """Of a line of ours; `library` for what others log."""
    return CODES.get(str(text), "unlisted") if logger.partition(".")[0] == "streamer" else "library"
