"""Floor 4: when and where drills run. In: argv and signals. Out: files and an exit code.

`cli` names the commands, `commands/` holds one file each, `wiring` alone puts adapters, engines
and the embedded cluster together. How a restore works is none of this floor's business.
"""
