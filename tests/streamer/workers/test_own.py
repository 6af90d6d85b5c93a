"""What two workers must not share is each one's own; the rest is the service's."""

from __future__ import annotations

from pathlib import Path

from streamer.workers.own import own
from tests.streamer.workers.test_supervisor import plant

MORE = """
mqtt: {client_id: line, sparkplug: {group: g, edge_node: e}}
sinks: [{id: file, kind: jsonl, file: /data/events.jsonl}, {id: hook, kind: webhook, url: "https://mes.example/x"}]
"""


def test_names_at_the_broker_files_of_lines_and_folders_are_its_own(tmp_path: Path) -> None:
    whole = plant(tmp_path, MORE)
    one, other = own(whole, "0"), own(whole, "1")
    assert one.mqtt is not None
    assert one.mqtt.sparkplug is not None
    assert (one.mqtt.client_id, one.mqtt.sparkplug.edge_node, one.mqtt.sparkplug.group) == ("line-0", "e-0", "g")
    assert [getattr(sink, "file", None) for sink in one.sinks] == [Path("/data/events-0.jsonl"), None]
    assert one.data_dir == whole.data_dir / "workers" / "0" != other.data_dir


def test_pictures_of_events_are_the_services(tmp_path: Path) -> None:
    whole = plant(tmp_path)
    assert own(whole, "0").evidence_folder == own(whole, "1").evidence_folder == whole.evidence_folder
