//! Sentences about the configuration.

use std::error::Error as _;

use expect_test::{Expect, expect, expect_file};

use super::*;

/// Also written by `cargo xtask generate`.
const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/config.md");

#[track_caller]
fn check_wrong(text: &str, expected: Expect) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("natlens.toml");
    std::fs::write(&path, text).unwrap();
    let error = Config::load(Some(&path)).unwrap_err();
    assert!(error.to_string().contains("natlens.toml"), "the file is named: {error}");
    expected.assert_eq(error.source().unwrap().to_string().trim_end());
}

#[test]
fn an_unknown_key_lists_the_known_ones() {
    check_wrong(
        "[log]\ncolour = true\n",
        expect![[r#"
        TOML parse error at line 2, column 1
          |
        2 | colour = true
          | ^^^^^^
        unknown field `colour`, expected `format` or `level`"#]],
    );
    check_wrong(
        "[sever]\n",
        expect![[r#"
        TOML parse error at line 1, column 2
          |
        1 | [sever]
          |  ^^^^^
        unknown field `sever`, expected one of `server`, `agent`, `client`, `log`"#]],
    );
}

#[test]
fn a_wrong_value_says_what_was_expected() {
    check_wrong(
        "[agent]\ninside = [\"10.0.0.0/33\"]\n",
        expect![[r#"
            TOML parse error at line 2, column 10
              |
            2 | inside = ["10.0.0.0/33"]
              |          ^^^^^^^^^^^^^^^
            `10.0.0.0/33` is no address or prefix: expected for example `10.0.0.0/16` or `2001:db8::/32`"#]],
    );
    let config = AgentConfig { window_seconds: 61, ..AgentConfig::default() };
    let error = config.window().unwrap_err();
    assert_eq!(error.to_string(), "setting `agent.window_seconds`");
    assert!(error.source().unwrap().to_string().contains("10, 60, 300 or 600"));
}

#[test]
fn a_check_reads_the_files_that_the_configuration_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.toml");
    let mut config = Config::default();
    config.check_files().unwrap();
    config.agent.inventory_file = Some(path.clone());
    let error = config.check_files().unwrap_err();
    assert_eq!(error.to_string(), "setting `agent.inventory_file`");
    assert!(error.source().unwrap().to_string().contains(&path.display().to_string()));
    std::fs::write(&path, "").unwrap();
    config.check_files().unwrap();
    config.agent.asn_file = Some(path);
    assert_eq!(config.check_files().unwrap_err().to_string(), "setting `agent.asn_file`");
}

#[test]
fn a_printed_configuration_reads_back_equal_without_its_secret() {
    let mut config = Config::default();
    config.server.public_url = Some("https://natlens.example".to_owned());
    config.agent.region = Some(Parsed("ap-guangzhou".parse().unwrap()));
    config.log.format = LogFormat::Json;
    assert_eq!(toml::from_str::<Config>(&config.printed().unwrap()).unwrap(), config);

    config.agent.enrolment_token = Some("secret".to_owned());
    config.server.metrics_token = Some("secret".to_owned());
    assert!(!config.printed().unwrap().contains("secret"));
}

#[test]
fn the_reference_page_is_fresh() {
    expect_file![PAGE].assert_eq(&config_reference());
}
