"""Steps of ``transform``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.model import (
    DedupeStep,
    EmailCompanyStep,
    FillStep,
    NullValuesStep,
    PythonStep,
    Step,
    TrimStep,
    UuidClashStep,
    WindowStep,
)
from tests.support.config_files import FEED, Conf, changed, said

STEPS = FEED[FEED.index("  - window") : FEED.index("quality:")]


def _with(*steps: str) -> str:
    return changed((STEPS, "".join(f"  - {step}\n" for step in steps)))


def _steps(tmp_path: Path, *steps: str) -> tuple[Step, ...]:
    return Conf(tmp_path).load(_with(*steps)).transform


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("dedupe", DedupeStep()),
        ("dedupe:", DedupeStep()),
        ("dedupe: {ignore: [ingested_at]}", DedupeStep(ignore=("ingested_at",))),
        ("dedupe: {ignore: ingested_at}", DedupeStep(ignore=("ingested_at",))),
        ("uuid_clash", UuidClashStep(key=("id",))),
        (
            "uuid_clash: {key: id, order_by: timestamp, on_clash: fail}",
            UuidClashStep(key=("id",), order_by=("timestamp",), on_clash="fail"),
        ),
        ("trim: [email, id]", TrimStep(columns=("email", "id"))),
        ("trim: email", TrimStep(columns=("email",))),
        ("trim: {columns: [email]}", TrimStep(columns=("email",))),
        (
            "null_values: {columns: [email], values: [NO, 007, '']}",
            NullValuesStep(columns=("email",), values=("NO", "007", "")),
        ),
        (
            'fill: {email: none@example.com, amount: 0.10, id: "1"}',
            FillStep(values={"email": "none@example.com", "amount": "0.10", "id": "1"}),
        ),
        ("email_company: email", EmailCompanyStep(column="email")),
        (
            "email_company: {column: email, output: firm, domain_output: host, free_mail: keep, "
            "invalid: quarantine, overrides: {ACME.co.uk.: ACME, b.com: ' B Ltd '}}",
            EmailCompanyStep(
                column="email",
                output="firm",
                domain_output="host",
                free_mail="keep",
                invalid="quarantine",
                overrides={"acme.co.uk": "ACME", "b.com": "B Ltd"},
            ),
        ),
        (
            "email_company: {column: email, free_mail: null, invalid: null}",
            EmailCompanyStep(column="email", free_mail="null", invalid="null"),
        ),
        ("python: mypkg.clean:fix", PythonStep(function="mypkg.clean:fix")),
        (
            "python: {function: 'clean:fix', adds: {score: Integer, tags: array<string>}}",
            PythonStep(function="clean:fix", adds={"score": "int", "tags": "array<string>"}),
        ),
        (
            'window: {column: timestamp, start: 2024-10-01, end: "2024-10-08T06:00:00Z"}',
            WindowStep(
                column="timestamp",
                start=datetime(2024, 9, 30, 22, tzinfo=UTC),
                end=datetime(2024, 10, 8, 6, tzinfo=UTC),
            ),
        ),
        (
            'window: {column: timestamp, month: "2024-12", outside: drop}',
            WindowStep(
                column="timestamp",
                start=datetime(2024, 11, 30, 23, tzinfo=UTC),
                end=datetime(2024, 12, 31, 23, tzinfo=UTC),
                outside="drop",
            ),
        ),
        (
            "window: {column: day, month: 2024-10}",
            WindowStep(
                column="day",
                start=datetime(2024, 10, 1, tzinfo=UTC),
                end=datetime(2024, 11, 1, tzinfo=UTC),
            ),
        ),
    ],
)
def test_each_step_arrives(tmp_path: Path, step: str, expected: Step) -> None:
    assert _steps(tmp_path, step) == (expected,)


def test_fill_values_have_the_type_of_their_column(tmp_path: Path) -> None:
    text = changed(
        ('"decimal(12,2)", min: 0}', "int}\n  ratio: double\n  gift: boolean"),
        (STEPS, "  - fill: {amount: '7', ratio: 1, gift: true, email: 5}\n"),
    )
    (step,) = Conf(tmp_path).load(text).transform
    assert isinstance(step, FillStep)
    assert [(v, type(v)) for v in step.values.values()] == [
        (7, int),
        (1.0, float),
        (True, bool),
        ("5", str),
    ]


def test_no_steps_are_fine(tmp_path: Path) -> None:
    text = changed((STEPS, ""))
    assert Conf(tmp_path).load(text).transform == ()


def test_steps_may_use_what_earlier_steps_add(tmp_path: Path) -> None:
    steps = _steps(
        tmp_path,
        "email_company: email",
        "python: {function: 'a:b', adds: {seen: timestamp}}",
        "trim: [company, email_domain]",
        'window: {column: seen, month: "2024-10"}',
    )
    assert len(steps) == 4


def test_the_order_of_clashing_records_may_use_columns_of_any_step(tmp_path: Path) -> None:
    # Identities are settled last, wherever the step stands.
    steps = _steps(tmp_path, "uuid_clash: {order_by: company}", "email_company: email")
    assert steps[0] == UuidClashStep(key=("id",), order_by=("company",))


def test_overrides_come_from_a_yaml_file(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write("companies.yml", "acme.com: ACME\nB.org: B\n")
    feed = conf.load(_with("email_company: {column: email, overrides: companies.yml}"))
    assert feed.transform == (
        EmailCompanyStep(column="email", overrides={"acme.com": "ACME", "b.org": "B"}),
    )


def test_overrides_come_from_a_csv_file(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write("companies.csv", '\ufeffdomain,company\r\nacme.com,"ACME, Inc."\r\n\r\nB.org,B\r\n')
    feed = conf.load(_with("email_company: {column: email, overrides: companies.csv}"))
    assert feed.transform == (
        EmailCompanyStep(column="email", overrides={"acme.com": "ACME, Inc.", "b.org": "B"}),
    )


@pytest.mark.parametrize(
    ("name", "content", "line", "sentence", "hint"),
    [
        (
            "c.yml",
            "acme.com: ACME\nb: [x]\n",
            2,
            "b must be text, not a list",
            "write a single value",
        ),
        ("c.yml", "a.com: A\nA.com: B\n", 2, "A.com is given twice", "remove one of the two"),
        ("c.yml", "me@a.com: A\n", 1, "me@a.com must be a domain", "write it as example.com"),
        (
            "c.yml",
            "- a\n",
            1,
            "must be a mapping",
            "write a line  domain: company  for each domain",
        ),
        (
            "c.csv",
            "host,firm\n",
            1,
            "must have the header domain,company",
            "write domain,company as the first line",
        ),
        (
            "c.csv",
            "domain,company\na.com,A\nb.com,B, Inc.\n",
            3,
            "a row must have a domain and a company",
            "put names that hold commas in quotes",
        ),
        (
            "c.csv",
            "domain,company\na.com,A\na.com.,A\n",
            3,
            "a.com. is given twice",
            "remove one of the two",
        ),
    ],
)
def test_mistakes_in_overrides_are_found_in_their_file(
    tmp_path: Path, name: str, content: str, line: int, sentence: str, hint: str
) -> None:
    conf = Conf(tmp_path)
    conf.write(name, content)
    message = conf.refusal(_with(f"email_company: {{column: email, overrides: {name}}}"))
    assert message == said((line, sentence, hint), file=f"conf/{name}")


def test_overrides_that_are_no_yaml_are_found_in_their_file(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write("c.yml", "a: [\n")
    message = conf.refusal(_with("email_company: {column: email, overrides: c.yml}"))
    assert message.startswith("conf/c.yml:2: is not valid YAML: ")


def test_broken_quotes_in_overrides_are_found_in_their_file(tmp_path: Path) -> None:
    conf = Conf(tmp_path)
    conf.write("c.csv", 'domain,company\na.com,"A" x\n')
    message = conf.refusal(_with("email_company: {column: email, overrides: c.csv}"))
    assert message.startswith("conf/c.csv:2: is not valid CSV: ")
    assert message.endswith("\n  hint: check its quotes")


BAD_STEPS = [
    ("dedup", "dedup is not a step of transform", "did you mean dedupe?"),
    (
        "zzz: {}",
        "zzz is not a step of transform",
        "the steps are window, email_company, dedupe, uuid_clash, fill, trim, null_values, python",
    ),
    (
        "{dedupe: {}, trim: email}",
        "a step of transform must be one name with its settings",
        "start each step with  - and indent its settings below it",
    ),
    (
        "[dedupe]",
        "a step of transform must be one name with its settings",
        "write for example  - trim: [name]",
    ),
    (
        "window: {column: timestmp, month: 2024-10}",
        'window.column is "timestmp", which is not a column of this feed',
        "did you mean timestamp?",
    ),
    (
        "window: {column: email, month: 2024-10}",
        "window.column must be a date or a timestamp, and email is of type string",
        "change its type under columns",
    ),
    (
        "window: {column: timestamp, month: 2024-13}",
        'window.month must be a month, not "2024-13"',
        "write it as 2024-10",
    ),
    (
        "window: {column: timestamp, month: 202410}",
        "window.month must be text, not the number 202410",
        'put it in quotes: "202410"',
    ),
    (
        "window: {column: timestamp}",
        "window needs a month, or a start and an end",
        'write month: "2024-10", or start: and end:',
    ),
    (
        "window: {column: timestamp, start: 2024-10-01}",
        "window needs a month, or a start and an end",
        'write month: "2024-10", or start: and end:',
    ),
    (
        "window: {column: timestamp, month: 2024-10, end: 2024-11-01}",
        "window has both month and start or end",
        "remove one of them",
    ),
    (
        "window: {column: timestamp, start: yesterday, end: 2024-11-01}",
        'window.start must be a date or a timestamp, not "yesterday"',
        "write it as 2024-10-01 or 2024-10-01T06:00:00Z",
    ),
    (
        "window: {column: timestamp, start: 2024-11-01, end: 2024-11-01}",
        "window must end after its start: 2024-10-31T23:00:00+00:00 to 2024-10-31T23:00:00+00:00",
        "end itself is not in the window",
    ),
    (
        'window: {column: day, start: "2024-11-01T00:00:00Z", end: 2024-11-02}',
        "window.start has an offset, and the column, of type date, has none",
        "write it without Z or +00:00",
    ),
    (
        "email_company: {column: amount}",
        "email_company.column must be text, and amount is of type decimal(12,2)",
        "name a column of type string",
    ),
    (
        "email_company: {column: email, output: id}",
        "email_company.output adds id, which is a column already",
        "give it another name",
    ),
    (
        "email_company: {column: email, domain_output: company}",
        "email_company.domain_output adds company, which is a column already",
        "give it another name",
    ),
    (
        "email_company: {column: email, output: _x}",
        "email_company.output adds _x, which is a name that Penstock keeps for itself",
        "give it another name",
    ),
    (
        "email_company: {column: email, overrides: companies}",
        "email_company.overrides must be a mapping of domains to companies, or a file, "
        'not "companies"',
        "name a file that ends in .yml or .csv",
    ),
    (
        "email_company: {column: email, overrides: nope.yml}",
        "email_company.overrides names conf/nope.yml, which does not exist",
        "the path is relative to the conf folder",
    ),
    (
        "email_company: {column: email, free_mail: drop}",
        'email_company.free_mail must be one of null, keep, not "drop"',
        "write one of them",
    ),
    ("fill", "fill names no column", "write  - fill: {country: unknown}"),
    (
        "fill: {emial: x}",
        'fill.emial is "emial", which is not a column of this feed',
        "did you mean email?",
    ),
    (
        "fill: {amount: none}",
        'fill.amount must be a value of type decimal(12,2), not "none"',
        "write a value that fits, or change the type under columns",
    ),
    ("trim", "trim.columns is missing", "add trim.columns"),
    (
        "trim: [email, amount]",
        "trim.columns must be text, and amount is of type decimal(12,2)",
        "name a column of type string",
    ),
    (
        "trim: [emial]",
        'trim is "emial", which is not a column of this feed',
        "did you mean email?",
    ),
    (
        "null_values: {columns: [emial], values: [x]}",
        'null_values.columns is "emial", which is not a column of this feed',
        "did you mean email?",
    ),
    ("null_values: {columns: [email]}", "null_values.values is missing", "add null_values.values"),
    (
        "python: mypkg.clean",
        'python.function must be module:function, not "mypkg.clean"',
        "write it as mypackage.module:function",
    ),
    (
        "python: {function: 'a:b', adds: {score: strng}}",
        'python.adds.score must be a type of Spark SQL, not "strng"',
        "did you mean string?",
    ),
    (
        "python: {function: 'a:b', adds: {email: string}}",
        "python.adds.email adds email, which is a column already",
        "give it another name",
    ),
    (
        "uuid_clash: {on_clash: drop}",
        'uuid_clash.on_clash must be one of rekey, quarantine, fail, not "drop"',
        "write one of them",
    ),
    (
        "uuid_clash: {order_by: [timestmp]}",
        'uuid_clash.order_by is "timestmp", which is not a column of this feed',
        "did you mean timestamp?",
    ),
    (
        "uuid_clash: {key: email}",
        "uuid_clash.key must be the columns of target.key: id",
        "remove it, and target.key is taken",
    ),
]


@pytest.mark.parametrize(("step", "sentence", "hint"), BAD_STEPS)
def test_wrong_steps_are_explained(tmp_path: Path, step: str, sentence: str, hint: str) -> None:
    assert Conf(tmp_path).refusal(_with(step)) == said((19, sentence, hint))


def test_a_column_is_not_known_before_the_step_that_adds_it(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal(_with("trim: [company]", "email_company: email")) == said(
        (
            19,
            'trim is "company", which is not a column of this feed',
            "its columns are id, timestamp, email, amount, day",
        )
    )


@pytest.mark.parametrize("step", ["dedupe", "uuid_clash"])
def test_identity_is_settled_once(tmp_path: Path, step: str) -> None:
    assert Conf(tmp_path).refusal(_with(step, "trim: email", step)) == said(
        (
            21,
            f"{step} stands twice, first in line 19",
            "remove one of the two: it is done once, after all steps",
        )
    )


def test_ignored_fields_go_by_their_name_in_the_file(tmp_path: Path) -> None:
    text = changed(
        ("{type: string, max_bytes: 320}", "{type: string, from: Mail}"),
        (STEPS, "  - dedupe: {ignore: [email]}\n"),
    )
    assert Conf(tmp_path).refusal(text) == said(
        (
            19,
            "dedupe.ignore names the column email, and it takes fields of the file",
            "write Mail, which email is read from",
        )
    )


def test_transform_is_a_list(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal(changed((STEPS, "  dedupe: {}\n"))) == said(
        (
            18,
            "transform must be a list of steps",
            "write each step on a line of its own, starting with  - ",
        )
    )


def test_a_broken_step_does_not_make_its_columns_unknown(tmp_path: Path) -> None:
    steps = ("email_company: {column: email, invalid: x}", "trim: [company]")
    assert Conf(tmp_path).refusal(_with(*steps)) == said(
        (
            19,
            'email_company.invalid must be one of null, quarantine, not "x"',
            "write one of them",
        )
    )


def test_two_errors_of_one_step_are_both_reported(tmp_path: Path) -> None:
    assert Conf(tmp_path).refusal(_with("uuid_clash: {order_by: [x], on_clash: y}")) == said(
        (
            19,
            'uuid_clash.on_clash must be one of rekey, quarantine, fail, not "y"',
            "write one of them",
        ),
        (
            19,
            'uuid_clash.order_by is "x", which is not a column of this feed',
            "its columns are id, timestamp, email, amount, day",
        ),
    )
