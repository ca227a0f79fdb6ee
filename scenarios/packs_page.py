"""The page of the probe packs, rendered from their files and from nothing else."""

from collections.abc import Iterator

from scenarios.pack_files import Pack, Parameter, pack_called, pack_names
from scenarios.proofs import BUILT_IN_KINDS
from scenarios.tree import Leaf, Table, find

_HEAD = """# Probe packs

A pack is a small set of probes for one well-known program. A scenario takes one with `use`:

```yaml
probes:
  - name: db
    use: postgresql
    with: {service: postgres, database: shop, passwordFrom: {secret: postgres, key: password}}
```

Its probes are asked as if they stood there, named after it (`db: answers`, `db: has its tables`);
`validate` and `plan` list them. `required`, `needs`, `timeout`, `interval`, `retries` and
`initialDelay` beside `use` hold for all of them, and another probe's `needs: [db]` means all of
them. Every pack takes `namespace`, the source namespace, where several are restored.

The packs are files in `scenarios/packs/`, from which this page is rendered:

```sh
python -c "import scenarios; print(scenarios.render_packs(), end='')" > docs/packs.md
```
"""


def render_packs() -> str:
    """Return `docs/packs.md` as Markdown."""
    packs = (pack_called(name) for name in pack_names())
    return "\n".join([_HEAD, *(line for pack in packs if pack for line in _section(pack))]) + "\n"


def _section(pack: Pack) -> Iterator[str]:
    yield f"## `{pack.name}`\n"
    proven = f"Tried with {pack.proven}." if pack.proven else "Not tried with the program itself."
    yield f"{pack.description} {proven}\n"
    yield "| parameter | what it is | default or example |"
    yield "|---|---|---|"
    for parameter in pack.parameters.values():
        if parameter.name != "namespace":
            yield f"| `{parameter.name}` | {parameter.description} | {_value(parameter)} |"
    yield "\n| probe | kind | shows | only with |"
    yield "|---|---|---|---|"
    for probe in pack.probes:
        kind = next(key for key in probe.entries if key in BUILT_IN_KINDS)
        shows = _said(probe, "proves") or "service"
        when = f"`{_said(probe, 'when')}`" if _said(probe, "when") else ""
        yield f"| {_said(probe, 'name')} | {kind} | {shows} | {when} |"
    yield ""


def _value(parameter: Parameter) -> str:
    if parameter.default is not None:
        return f"`{parameter.default.value}`" if parameter.default.value != "" else "empty"
    example = f"`{parameter.example}`"
    return f"{example}, may be left out" if parameter.optional else f"{example}, needed"


def _said(probe: Table, key: str) -> str:
    leaf = find(probe, (key,))
    return str(leaf.value) if isinstance(leaf, Leaf) else ""
