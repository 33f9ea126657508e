from __future__ import annotations

from typing import Literal

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from penstock.spark_errors import SPARK_ERRORS
from penstock.transform import email_company
from penstock.transform.punycode import decoded
from tests.support.frames import assert_frame

OUT = "email string, email_domain string, company string"
Expected = tuple[str | None, str | None, str | None]


def frame(spark: SparkSession, emails: list[str | None]) -> DataFrame:
    return spark.createDataFrame([(e,) for e in emails], "email string")


def check(spark: SparkSession, expected: list[Expected]) -> None:
    """Address, domain and company, each as a row."""
    df = frame(spark, [e for e, _, _ in expected])
    assert_frame(df.transform(email_company("email")), OUT, expected)


@pytest.mark.usefixtures("ansi")
def test_an_address_is_found_in_every_form_people_write_it(spark: SparkSession) -> None:
    check(
        spark,
        [
            ("j@acme.com", "acme.com", "acme"),
            ("j+tag@Mail.EU.Acme-Corp.CO.UK", "mail.eu.acme-corp.co.uk", "acme-corp"),
            (" j@acme.com.\n", "acme.com", "acme"),
            ("<j@acme.com>", "acme.com", "acme"),
            ("Doe, J. <j@acme.com>", "acme.com", "acme"),
            ('"Doe, J." <j@acme.com>', "acme.com", "acme"),
            ('"a@b.com, \\" <x@y.com>" <j@acme.com>', "acme.com", "acme"),
            ("j@acme.com <j@acme.com>", "acme.com", "acme"),
            ('"j@home, ok"@acme.com', "acme.com", "acme"),
            ("o'brien_{!#$%&*}@acme.com", "acme.com", "acme"),
            ("用户@acme.com", "acme.com", "acme"),
        ],
    )


NO_ADDRESSES = [
    "",
    " ",
    "j",
    "@acme.com",
    "j@",
    "j@acme",
    "j@localhost",
    "j@.acme.com",
    "j@acme..com",
    "j@acme.com..",
    "j@-acme.com",
    "j@acme-.com",
    "j@ac me.com",
    "j@ac_me.com",
    "j@acme.com/x",
    "j@1.2.3.4",
    "j@[1.2.3.4]",
    "j@[IPv6:::1]",
    "j@@acme.com",
    "a@b@acme.com",
    ".j@acme.com",
    "j.@acme.com",
    "j..d@acme.com",
    "j d@acme.com",
    '"j@acme.com',
    "j@acme.com, k@acme.com",
    "j@acme.com; Doe <k@acme.com>",
    "<j@acme.com",
    "j@acme.com>",
    "Doe <j@acme.com> (home)",
    "mailto:j@acme.com",
    "x" * 65 + "@acme.com",
    "j@" + "x" * 64 + ".com",
    "j@" + ".".join(["x" * 60] * 5) + ".com",
    "j@acme.com" + " " * 1000,
    '"' * 900,
    "<" * 900,
    "a." * 450 + "@",
]


@pytest.mark.usefixtures("ansi")
def test_what_is_no_address_has_no_company(spark: SparkSession) -> None:
    check(spark, [*((address, None, None) for address in NO_ADDRESSES), (None, None, None)])


@pytest.mark.usefixtures("ansi")
def test_the_company_stands_below_the_public_suffix(spark: SparkSession) -> None:
    """After the list's own test data, https://publicsuffix.org/list/ (test_psl.txt)."""
    labels = {
        "example.com": "example",
        "b.example.com": "example",
        "a.b.example.com": "example",
        "b.example.uk.com": "example",
        "example.unknown-tld": "example",
        "b.domain.biz": "domain",
        "co.uk": None,
        "b.c.mm": "b",
        "c.mm": None,
        "a.b.c.mm": "b",
        "test.ac.jp": "test",
        "ac.jp": None,
        "kyoto.jp": None,
        "test.kyoto.jp": "test",
        "ide.kyoto.jp": None,
        "a.b.ide.kyoto.jp": "b",
        "c.kobe.jp": None,
        "b.c.kobe.jp": "b",
        "city.kobe.jp": "city",
        "www.city.kobe.jp": "city",
        "test.ck": None,
        "b.test.ck": "b",
        "www.ck": "www",
        "www.www.ck": "www",
        "test.k12.ak.us": "test",
        "k12.ak.us": None,
        "食狮.公司.cn": "食狮",
        "公司.cn": None,
        "xn--85x722f.xn--55qx5d.cn": "食狮",
    }
    df = frame(spark, [f"x@{domain}" for domain in labels])
    got = {r.email[2:]: r.company for r in df.transform(email_company("email")).collect()}
    assert got == labels


def test_a_private_suffix_has_companies_below_it_and_an_owner(spark: SparkSession) -> None:
    check(
        spark,
        [
            ("x@foo.github.io", "foo.github.io", "foo"),
            ("x@github.io", "github.io", "github"),
            ("x@acme.uk.com", "acme.uk.com", "acme"),
            ("x@uk.com", "uk.com", "uk"),
        ],
    )


@pytest.mark.usefixtures("ansi")
def test_a_name_in_punycode_and_in_unicode_is_one(spark: SparkSession) -> None:
    check(
        spark,
        [
            ("x@münchen.de", "münchen.de", "münchen"),
            ("x@XN--MNCHEN-3YA.de", "münchen.de", "münchen"),
            ("x@MÜNCHEN.DE", "münchen.de", "münchen"),
            ("x@例え。テスト", "例え.テスト", "例え"),
            ("x@xn--r8jz45g.xn--zckzah", "例え.テスト", "例え"),
        ],
    )


@pytest.mark.usefixtures("ansi")
def test_punycode_is_decoded_as_python_does(spark: SparkSession) -> None:
    labels = [
        "bücher",
        "ü",
        "üäö-x",
        "a-ü-b",
        "президент",
        "ليهمابتكلموشعربي؟",
        "他们为什么不说中文",
        "3年b組金八先生",
        "安室奈美恵-with-super-monkeys",
        "😀",
        "x😀y𐍈z",
        "ñ" * 40,
        "".join(chr(0x4E00 + 37 * i) for i in range(15)),
    ]
    encoded = ["xn--" + label.encode("punycode").decode("ascii") for label in labels]
    df = spark.createDataFrame([(f"a.{e}.b",) for e in encoded], "d string")
    assert_frame(
        df.select(decoded(F.col("d")).alias("d")),
        "d string",
        [(f"a.{label}.b",) for label in labels],
    )


@pytest.mark.usefixtures("ansi")
def test_what_is_no_punycode_stays_as_it_is(spark: SparkSession) -> None:
    labels = ["xn--", "xn---", "xn--0", "xn--" + "9" * 59, "xn--" + "z" * 59, "xn--ü", "xn--ls8h="]
    df = spark.createDataFrame([(f"{label}.com",) for label in labels], "d string")
    assert_frame(
        df.select(decoded(F.col("d")).alias("d")),
        "d string",
        [(f"{label}.com",) for label in labels],
    )


FREE = ["x@gmail.com", "x@GoogleMail.com", "x@mail.yahoo.co.uk", "x@gmx.de", "x@xyz.qq.com"]


@pytest.mark.parametrize(
    ("free_mail", "companies"),
    [("null", [None] * 5), ("keep", ["gmail", "googlemail", "yahoo", "gmx", "qq"])],
)
def test_free_mail_has_a_domain_and_a_company_if_asked(
    spark: SparkSession, free_mail: Literal["null", "keep"], companies: list[str | None]
) -> None:
    got = frame(spark, [*FREE]).transform(email_company("email", free_mail=free_mail))
    assert_frame(
        got,
        OUT,
        [(e, e[2:].lower(), c) for e, c in zip(FREE, companies, strict=True)],
    )


@pytest.mark.usefixtures("ansi")
def test_overrides_stand_above_everything_and_the_nearest_wins(spark: SparkSession) -> None:
    overrides = {
        "Acme-Mail.com.": "Acme",
        "labs.acme-mail.com": "Acme Labs",
        "gmail.com": "Google",
        "co.uk": "Britain",
        "xn--mnchen-3ya.de": "City of Munich",
        "a.b.c.d.e.f.g.h.i.com": "Deep",
    }
    expected = {
        "x@acme-mail.com": "Acme",
        "x@m.labs.acme-mail.com": "Acme Labs",
        "x@notacme-mail.com": "notacme-mail",
        "x@gmail.com": "Google",
        "x@other.co.uk": "Britain",
        "x@münchen.de": "City of Munich",
        "x@1.a.b.c.d.e.f.g.h.i.com": "Deep",
        "x@b.c.d.e.f.g.h.i.com": "i",
    }
    got = frame(spark, [*expected]).transform(email_company("email", overrides=overrides))
    assert {r.email: r.company for r in got.collect()} == expected


def test_columns_are_named_as_asked_and_replaced(spark: SparkSession) -> None:
    df = spark.createDataFrame([("x", "j@acme.com", 1)], "Firm string, mail string, n int")
    assert_frame(
        df.transform(email_company("MAIL", output="firm", domain_output="host")),
        "mail string, n int, host string, firm string",
        [("j@acme.com", 1, "acme.com", "acme")],
    )


@pytest.mark.usefixtures("ansi")
def test_invalid_addresses_are_quarantined_if_asked_and_no_row_goes(spark: SparkSession) -> None:
    got = frame(spark, ["j@acme.com", "nope", "", None]).transform(
        email_company("email", invalid="quarantine")
    )
    assert_frame(
        got,
        OUT + ", _status string, _reasons array<string>",
        [
            ("j@acme.com", "acme.com", "acme", "accepted", None),
            ("nope", None, None, "quarantined", ["email: 'nope' is not an e-mail address"]),
            ("", None, None, "accepted", None),
            (None, None, None, "accepted", None),
        ],
    )


def test_the_look_up_shuffles_nothing_and_runs_nothing_ahead(spark: SparkSession) -> None:
    untouchable = F.raise_error(F.lit("touched")).cast("string").alias("email")
    lazy = spark.range(1).select(untouchable).transform(email_company("email"))
    plan = lazy._jdf.queryExecution().executedPlan().toString()
    assert "Exchange hashpartitioning" not in plan
    assert "BroadcastHashJoin" in plan
    with pytest.raises(SPARK_ERRORS, match="touched"):
        lazy.collect()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overrides": {"acme": "Acme"}}, "'acme' in overrides is not a domain name"),
        ({"overrides": {"a..com": "Acme"}}, "'a..com' in overrides is not a domain name"),
        ({"overrides": {"xn--99999999.com": "A"}}, "in overrides is not Punycode"),
        ({"free_mail": "drop"}, "free_mail is null or keep, not 'drop'"),
        ({"invalid": "drop"}, "invalid is null or quarantine, not 'drop'"),
        ({"output": "email"}, "must be three columns"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        email_company("email", **arguments)  # type: ignore[arg-type]  # the arguments vary


def test_a_column_that_is_no_text_is_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="column 'id' is no text"):
        spark.range(1).transform(email_company("id"))
