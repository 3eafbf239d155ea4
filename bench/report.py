"""The results of a database as a table, and those of both as a table in Markdown: report.py RESULTS..."""

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from cases import CASES, Case


class Load(Protocol):
    requests: int
    seconds: float
    cpu: float
    p99_ms: float


@dataclass
class Row:
    """A case, with its rounds on both servers."""

    case: Case
    program: list[Load] = field(default_factory=list)
    ceiling: list[Load] = field(default_factory=list)

    def rate(self, loads: list[Load]) -> float:
        """Requests per second of CPU, or of wall-clock time."""
        time = sum(load.seconds if self.case.wall else load.cpu for load in loads)
        return sum(load.requests for load in loads) / time

    def share(self) -> float:
        return self.rate(self.program) / self.rate(self.ceiling)

    def shares(self) -> list[float]:
        """The share in each round."""
        rounds = zip(self.program, self.ceiling, strict=True)
        return [self.rate([program]) / self.rate([ceiling]) for program, ceiling in rounds]


@dataclass
class Report:
    database: str
    rows: list[Row] = field(default_factory=list)
    memory_at_rest: float = 0.0
    memory_at_end: float = 0.0
    memory_peak: float = 0.0

    @property
    def name(self) -> str:
        return NAMES[self.database]

    def add(self, case: Case) -> Row:
        self.rows.append(Row(case))
        return self.rows[-1]

    def print_head(self) -> None:
        print(f"\n{'':<32}{'requests per s of CPU':>25}{'share of the ceiling':>32}{'program, wall clock':>29}")
        print(
            f"{'case':<32}{'program':>14}{'ceiling':>11}{'share':>10}{'rounds':>14}{'goal':>8}"
            f"{'conns':>9}{'req/s':>10}{'p99 ms':>10}",
            flush=True,
        )

    def print_row(self, row: Row) -> None:
        case, shares = row.case, row.shares()
        goal = f"{case.goals[GOALS.index(self.database)]:.2f}" if case.goals else ""
        wall = sum(load.requests for load in row.program) / sum(load.seconds for load in row.program)
        print(
            f"{case.title:<32}{row.rate(row.program):>14,.0f}{row.rate(row.ceiling):>11,.0f}{row.share():>10.2f}"
            f"{f'{min(shares):.2f}-{max(shares):.2f}':>14}{goal:>8}"
            f"{case.connections:>9}{wall:>10,.0f}{max(load.p99_ms for load in row.program):>10.2f}"
            + (" (all per s of wall clock)" if case.wall else ""),
            flush=True,
        )

    def print_memory(self) -> None:
        print(
            f"memory of the program: {self.memory_at_rest:.1f} MiB at rest, {self.memory_at_end:.1f} MiB at the end,"
            f" {self.memory_peak:.1f} MiB at most",
            flush=True,
        )

    def to_json(self) -> str:
        rows = {row.case.name: {"rate": row.rate(row.program), "share": row.share()} for row in self.rows}
        memory = {key: value for key, value in asdict(self).items() if key.startswith("memory")}
        return json.dumps({"database": self.database, "rows": rows, **memory})


NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
GOALS = [*NAMES]


def markdown(results: list[dict]) -> str:
    head, rule = "| case |", "| --- |"
    for result in results:
        head += f" {NAMES[result['database']]}: share | requests per second |"
        rule += " --: | --: |"
    lines = [head, rule]
    for case in CASES:
        rows = [result["rows"].get(case.name) for result in results]
        if case.goals and all(rows):
            title = case.title + (", per second of wall-clock time" if case.wall else "")
            cells = [f" {row['share']:.2f} | {row['rate']:,.0f} |" for row in rows]
            lines.append(f"| {title} |" + "".join(cells))
    memory = [
        f"{result['memory_at_rest']:.0f} MiB at rest and {result['memory_at_end']:.0f} MiB after the load on"
        f" {NAMES[result['database']]}"
        for result in results
    ]
    return "\n".join([*lines, "", f"Memory of the program: {', '.join(memory)}."])


if __name__ == "__main__":
    print(markdown([json.loads(Path(path).read_text()) for path in sys.argv[1:]]))
