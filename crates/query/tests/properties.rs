//! Laws of the language: every text has an answer, and a printed query reads back equal.
//!
//! Hides: how random searches are made.
//! Knows nothing of: the inside of the parser.

use proptest::prelude::*;
use query::{
    CONDITIONS_MAX, ErrorClass, IndexedFields, NESTING_MAX, PATTERNS_MAX, QUERY_BYTES_MAX, Query, Search,
    Syntax, complete, parse,
};

fn syntax() -> impl Strategy<Value = Syntax> {
    prop_oneof![Just(Syntax::Cql), Just(Syntax::CqlSpaceIsOr), Just(Syntax::Lucene)]
}

fn other(syntax: Syntax) -> Syntax {
    match syntax {
        Syntax::Cql | Syntax::CqlSpaceIsOr => Syntax::Lucene,
        Syntax::Lucene => Syntax::Cql,
    }
}

/// Conditions in every form, some of them awkward.
fn condition() -> impl Strategy<Value = String> {
    let written = prop::sample::select(vec![
        "*",
        "action:ACCEPT",
        "srcaddr:10.0.*",
        "srcaddr:10.*.1",
        "dstaddr:2001:db8::/32",
        "dstaddr:::1",
        "lost:*",
        "dstport:[1 TO *]",
        "dstport:{1 TO 9]",
        "srcaddr:[::1 TO ::9]",
        "bytes:>=-5",
        "protocol:tcp",
        "reject-rule:\"\"",
        "reject-rule:\"a b\"",
        "reject-rule:a/b",
        "reject-rule:\"拒绝 ssh全部\"",
        "reject-rule:拒*绝",
        "拒绝a",
        "\" 拒绝*\"",
        "dstport:(80 OR 443)",
        "2001:db8::1",
        "a/b",
        "\"x y*\"",
        "b?c\\:*",
        "and\\ or",
        "\"not\"",
        "\"\\\"\\\\\\*\"",
        "instance-id:\"a b\\\\\"",
        "ins\\*",
        "subnet-id:\\*",
        "vpc-id:or?",
        "srcaddr:>=10.0.0.0",
        "srcaddr:<2001:db8::/32",
        "dstaddr:{10.0.0.0 TO *]",
        "dstport:https",
        "vpc-id:/a\\/b|[c-e]+/",
        "srcaddr:/10\\.0\\..*/",
        "/eni-(lan|wan)/",
        "\\-a",
        "\\-a*",
        "-a",
    ]);
    prop_oneof![
        written.prop_map(str::to_owned),
        "[a-zA-Z*?.\\-\\\\:/é]{1,8}",
        "reject-rule:\"[^\"]{0,8}\"",
        (any::<i64>(), prop::sample::select(vec!["", ">", "<=", "="]))
            .prop_map(|(n, sign)| format!("bytes:{sign}{n}")),
    ]
}

fn search() -> impl Strategy<Value = String> {
    condition().prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("NOT {one}")),
            inner.clone().prop_map(|one| format!("({one})")),
            (inner.clone(), prop::sample::select(vec![" ", " AND ", " OR ", " NOT "]), inner)
                .prop_map(|(left, joint, right)| format!("{left}{joint}{right}")),
        ]
    })
}

proptest! {
    #[test]
    fn every_text_is_answered(text in "\\PC{0,60}", syntax in syntax()) {
        let index = IndexedFields::all();
        let error = parse(&text, syntax, &index).err();
        prop_assert!(error.is_none_or(|error| text.is_char_boundary(error.offset)));
        for (at, _) in text.char_indices() {
            let completion = complete(&text, at, syntax, &index);
            prop_assert!(completion.replaces.end == at && completion.replaces.start <= at);
        }
    }

    #[test]
    fn a_printed_query_reads_back_equal(
        search in search(),
        syntax in syntax(),
        (counted, chinese) in any::<(bool, bool)>(),
    ) {
        let mut index = IndexedFields::all();
        for field in &mut index.fields {
            field.delimiters = field.delimiters.clone().with_chinese(chinese);
        }
        if let Some(full_text) = &mut index.full_text {
            full_text.delimiters = full_text.delimiters.clone().with_chinese(chinese);
        }
        let text = if counted { format!("{search} | SELECT count(*)") } else { search };
        if let Ok(query) = parse(&text, syntax, &index) {
            let printed = query.written(syntax).expect("what a syntax has said it can say again");
            prop_assert_eq!(parse(&printed, syntax, &index), Ok(query.clone()), "{}", printed);
            if let Some(printed) = query.written(other(syntax)) {
                prop_assert_eq!(parse(&printed, other(syntax), &index), Ok(query), "{}", printed);
            }
        }
    }
}

#[test]
fn most_generated_searches_are_read() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let index = IndexedFields::all();
    for syntax in [Syntax::Cql, Syntax::Lucene] {
        let mut searches = (0..200).map(|_| search().new_tree(&mut runner).unwrap().current());
        let read = searches.by_ref().filter(|text| parse(text, syntax, &index).is_ok()).count();
        assert!(read > 60, "the round trip is tested on real searches, not on errors: {read} of 200");
    }
}

#[test]
fn limits_are_refused_and_what_lies_below_is_read() {
    let index = IndexedFields::all();
    let many = |count| vec!["lost:1"; count].join(" OR ");
    assert!(parse(&many(CONDITIONS_MAX), Syntax::Cql, &index).is_ok());
    let nested = |depth| format!("{}a/b{}", "NOT (b AND ".repeat(depth) + "NOT ", ")".repeat(depth));
    assert!(parse(&nested(NESTING_MAX - 1), Syntax::Cql, &index).is_ok());
    let patterns = |count| vec!["/a/"; count].join(" OR ");
    assert!(parse(&patterns(PATTERNS_MAX), Syntax::Lucene, &index).is_ok());
    let error = parse(&patterns(PATTERNS_MAX + 1), Syntax::Lucene, &index).unwrap_err();
    assert_eq!(error.class, ErrorClass::Syntax, "{error}");
    for text in [many(CONDITIONS_MAX + 1), "x".repeat(QUERY_BYTES_MAX + 1), nested(NESTING_MAX)] {
        let error = parse(&text, Syntax::Cql, &index).unwrap_err();
        assert_eq!(error.class, ErrorClass::Syntax, "{error}");
    }
}

#[test]
fn a_space_is_or_for_who_is_used_to_it_and_words_mean_the_same() {
    let index = IndexedFields::all();
    let read = |text, syntax| parse(text, syntax, &index).unwrap().to_string();
    let text = "dstport:22 dstport:23 AND action:REJECT";
    assert_eq!(read(text, Syntax::Cql), "dstport:22 AND dstport:23 AND action:REJECT");
    assert_eq!(read(text, Syntax::CqlSpaceIsOr), "dstport:22 OR dstport:23 AND action:REJECT");
    let written = "dstport:22 OR NOT dstport:23 AND action:REJECT";
    assert_eq!(read(written, Syntax::Cql), read(written, Syntax::CqlSpaceIsOr));
}

#[test]
fn each_syntax_says_what_it_can() {
    let index = IndexedFields::all();
    let crossed = |text, syntax| parse(text, syntax, &index).unwrap().written(other(syntax));
    assert_eq!(crossed("\"drop al*\"", Syntax::Cql), None);
    assert_eq!(crossed("srcaddr:/10.*/", Syntax::Lucene), None);
    assert_eq!(
        crossed("-dstport:22 OR (action:ACCEPT AND bytes:>9)", Syntax::Lucene).as_deref(),
        Some("NOT dstport:22 OR action:ACCEPT AND bytes:>9")
    );
    assert_eq!(
        crossed("NOT dstport:22 OR action:ACCEPT AND bytes>9", Syntax::Cql).as_deref(),
        Some("NOT dstport:22 OR (action:ACCEPT AND bytes:>9)")
    );
}

#[test]
fn a_topic_without_full_text_finds_only_by_field() {
    let index = IndexedFields { full_text: None, ..IndexedFields::all() };
    let error = parse("eni-*", Syntax::Cql, &index).unwrap_err();
    assert_eq!(
        error.published(),
        "QueryError[illegal_argument_exception.Cannot search on full text since it is not indexed: write `field:value`]"
    );
    assert_eq!(parse("*", Syntax::Cql, &index), Ok(Query { search: Search::All, sql: None }));
}
