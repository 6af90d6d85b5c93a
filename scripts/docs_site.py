"""What mkdocs does with the documents: what they point at outside of docs/ becomes pages too, folders become lists.

A hook of mkdocs.yml. Pages of the repository lie below `repository/`, where their links work as they do there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
OUTSIDE = "repository/"
FIRST = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
MOST_BYTES = 100_000
"""Of a file that is shown; larger ones are named only."""
LINK = re.compile(r"(\]\()(?!https?:|mailto:|#)([^)#\s]+)")
PLACE = re.compile(r'(\b(?:src|srcset)=")(?!https?:)([^"]+)')
PUT_IN = re.compile(r"\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}")
"""What Prometheus puts into the words of an alert."""
PICTURES = (".jpg", ".png", ".svg", ".webp")
LANGUAGES = {".yaml": "yaml", ".json": "json", ".py": "python", ".conf": "text", ".md": "markdown"}


ALERTS = """\
# Alerts

You were woken by one of these, or look for what there is. Each page says: us or the camera, how to look, what to do,
how to try it. `page` wakes somebody; `ticket` can wait for the morning.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pages for all that pages point at, until nothing is missing."""
    waiting = [DOCS / "runbooks", DOCS / "adr", *(ROOT / name for name in FIRST)]
    waiting += [target for file in files.documentation_pages() for target in _named(DOCS / file.src_uri)]
    seen: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in seen or not _needs_page(path):
            continue
        seen.add(path)
        text = _page(path)
        if text is None:
            files.append(File.generated(config, uri(path), abs_src_path=str(path)))
        else:
            files.append(File.generated(config, uri(path), content=text))
            waiting += _named(path) if path.suffix == ".md" else _inside(path)
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Its links, as they are in the repository, become those of the pages."""
    here = origin(page.file.src_uri)
    if page.file.src_uri.startswith(OUTSIDE) and here.suffix != ".md":
        return markdown
    base = posixpath.dirname(page.file.src_uri)

    def moved(match: re.Match[str]) -> str:
        target = _target(here, match[2])
        return match[0] if target is None else match[1] + posixpath.relpath(uri(target), base or ".")

    def outside_of_code(text: str) -> str:
        return PLACE.sub(moved, LINK.sub(moved, text))

    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(part if n % 2 else outside_of_code(part) for n, part in enumerate(parts))


def uri(path: Path) -> str:
    """Where a file or folder of the repository is among the pages' sources."""
    inside = path.is_relative_to(DOCS)
    name = path.relative_to(DOCS if inside else ROOT).as_posix()
    if path.is_dir():
        return f"{'' if inside else OUTSIDE}{name}/index.md"
    is_page = path.suffix in (".md", *PICTURES)
    return f"{'' if inside else OUTSIDE}{name}{'' if inside or is_page else '.md'}"


def origin(src_uri: str) -> Path:
    """The other way round."""
    outside = src_uri.startswith(OUTSIDE)
    path = (ROOT if outside else DOCS) / src_uri.removeprefix(OUTSIDE)
    if not path.exists() and path.name != "index.md":
        path = path.with_suffix("")
    return path if path.exists() else path.parent / "list.md"  # of a folder: links of the list are its files


def _needs_page(path: Path) -> bool:
    return path.exists() and (path.is_dir() or not path.is_relative_to(DOCS))


def _target(here: Path, link: str) -> Path | None:
    path = Path(posixpath.normpath(here.parent / link))
    return path if path.is_relative_to(ROOT) and path.exists() else None


def _named(document: Path) -> Iterator[Path]:
    """What a document points at."""
    text = document.read_text(encoding="utf-8") if document.exists() else ""
    for pattern in (LINK, PLACE):
        for match in pattern.finditer(text):
            if (target := _target(document, match[2])) is not None:
                yield target


def _inside(path: Path) -> list[Path]:
    return sorted(path.iterdir()) if path.is_dir() and not path.is_relative_to(DOCS) else []


def _page(path: Path) -> str | None:
    """The text of the page that shows it; None: the file itself is shown."""
    if path.is_dir():
        return _list(path)
    if path.suffix in PICTURES:
        return None
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return text
    name = path.relative_to(ROOT).as_posix()
    shown = text if len(text) < MOST_BYTES else "It is too large to be shown here."
    return f"---\nsearch: {{exclude: true}}\n---\n# {name}\n\n````{LANGUAGES.get(path.suffix, 'text')}\n{shown}\n````\n"


def _list(folder: Path) -> str:
    if folder == DOCS / "runbooks":
        return _alerts()
    name = "Decisions" if folder == DOCS / "adr" else folder.relative_to(ROOT).as_posix()
    files = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))
    lines = [f"* [{_title(path)}]({path.name})" for path in files]
    return "\n".join([f"# {name}", "", *lines, ""])


def _title(path: Path) -> str:
    if path.suffix != ".md":
        return path.name
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ")


def _alerts() -> str:
    """Every alert with what it says, from the rules."""
    rules: dict[str, Any] = yaml.safe_load((ROOT / "config/prometheus/alerts.yaml").read_text(encoding="utf-8"))
    lines = [ALERTS]
    for group in rules["groups"]:
        lines += [
            f"## {group['name'].removeprefix('takt-').capitalize()}",
            "",
            "| alert | severity | what it says |",
            "|---|---|---|",
        ]
        for rule in group["rules"]:
            said = PUT_IN.sub(
                lambda found: "N" if found[1] == "value" else f"*{found[1]}*", rule["annotations"]["summary"]
            )
            name = rule["alert"]
            lines.append(f"| [{name}]({name}.md) | {rule['labels']['severity']} | {said} |")
        lines.append("")
    return "\n".join(lines)
