//! Sentences about the command line.

use clap::CommandFactory as _;
use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check_help(words: &str, expected: Expect) {
    let command = Arguments::command().term_width(100);
    let shown = command.try_get_matches_from(words.split(' ')).unwrap_err().to_string();
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn the_arguments_fit_together() {
    Arguments::command().debug_assert();
}

#[test]
fn help_lists_the_commands() {
    check_help(
        "natlens --help",
        expect![[r#"
            NAT gateway flow logs: collect, store, search.

            `natlens up` starts everything on one machine. The other commands speak to a server over its API.

            Usage: natlens [OPTIONS] [COMMAND]

            Commands:
              up               Run server and agent on this machine
              server           Run a server
              agent            Watch the gateway on this host
              doctor           Say what this machine can capture, and what mends what it cannot
              search           Find records, or analyse them with SQL
              complete         Tell what can be written next in a query: fields, values, words, functions
              ledger           Say whether every packet is in a record
              tail             Print records as they are stored, until Ctrl-C
              whois            Tell who was behind a public address and port at a moment
              queries          List the queries that run and those that were slow, or end one
              import           Make records of capture files
              verify           Prove that no stored record was altered or removed
              backup           Copy everything that the server keeps, while it runs
              restore          Bring a back-up to where a server then finds it
              flow-log         Create, list, change, pause, resume and delete flow logs
              gateway          List gateways, and show how one fares
              logset           Create, list, rename and delete logsets
              topic            Create, list, change and delete topics, and show what one takes
              index            Create, show, replace and delete the index of a topic
              erasure          Erase records for good, and list what was erased
              user             Create, list, modify and delete users
              access-key       Create, list and delete access keys
              enrolment-token  Create tokens with which agents enrol
              sign-in-link     Print a link that signs a user in once, to set a new password
              config           Print the configuration in effect, or the reference of all keys
              help             Print this message or the help of the given subcommand(s)

            Options:
              -h, --help
                      Print help (see a summary with '-h')

              -V, --version
                      Print version

            Configuration:
                  --config <FILE>
                      Configuration file [default: `natlens.toml` here, or else `/etc/natlens/natlens.toml`]

                  --check
                      Checks the configuration and does nothing else

                  --print-config
                      Prints the configuration in effect, arguments included, and does nothing else

            Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration, 3 a ledger that is not complete."#]],
    );
}

#[test]
fn help_for_searching_shows_how() {
    check_help(
        "natlens search --help",
        expect![[r#"
            Find records, or analyse them with SQL

            QUERY is `search | SQL`, each part optional. Examples:
              natlens search 'action:REJECT AND dstaddr:203.0.113.0/24' --since 1h
              natlens search '* | SELECT srcaddr, sum(bytes) AS b GROUP BY srcaddr ORDER BY b DESC LIMIT 10'

            Usage: natlens search [OPTIONS] [QUERY]

            Arguments:
              [QUERY]
                      What to find; everything when left out

                      [default: *]

            Options:
                  --topic <TOPIC>
                      Topic to search, by id or name; may be left out when there is one

                  --since <TIME>
                      Start of the time range: `15m` ago, or a date and time

                      [default: 15m]

                  --until <TIME>
                      End of the time range, excluded

                      [default: now]

                  --limit <RECORDS>
                      The most records to print; an analysis sets its own LIMIT

                      [default: 100]

                  --all
                      Prints every record, however many, while they are read

                  --save <FILE>
                      Writes everything, however much, into this file: `.csv`, `.ndjson` or `.parquet`

                  --explain
                      Tells what would be read and how, and reads no record

                  --facets <FIELDS>
                      Prints the most frequent values of these fields instead, separated by commas, and the
                      query for each

                  --oldest
                      Begins with the oldest record instead of the newest

                  --fields <FIELDS>
                      Fields to print, separated by commas [default: the important ones in a table, all in CSV]

                  --allow-partial
                      Answers without the records of damaged segments, and says which they are

                  --lucene
                      Reads the search part by the older rules of Lucene

              -h, --help
                      Print help (see a summary with '-h')

            Server and answer:
                  --server <URL>
                      Address of the server, for example `https://natlens.example` [default: the one in the key
                      file]

                  --ca-file <FILE>
                      File with the authority of the server's certificate, if it is none that browsers know

                  --key-file <FILE>
                      File with an access key [default: `admin-key.toml` in the data folder of a server on this
                      machine]

                  --region <REGION>
                      Region to ask for [default: the server's]

              -o, --output <FORM>
                      How the answer is written

                      Possible values:
                      - table: Columns for people
                      - json:  One JSON object a line, with everything that the server said
                      - csv:   Comma-separated values with a header (RFC 4180)

                      [default: table]

            Configuration:
                  --config <FILE>
                      Configuration file [default: `natlens.toml` here, or else `/etc/natlens/natlens.toml`]

                  --check
                      Checks the configuration and does nothing else

                  --print-config
                      Prints the configuration in effect, arguments included, and does nothing else"#]],
    );
}

#[test]
fn help_for_flow_logs_lists_what_can_be_done() {
    check_help(
        "natlens flow-log create --help",
        expect![[r#"
            Begin to collect; prints the id of the new flow log

            Usage: natlens flow-log create [OPTIONS] <NAME>

            Arguments:
              <NAME>
                      Name, at most 60 characters

            Options:
                  --gateway <GATEWAY>
                      Gateway to watch, by id or name; may be left out when there is one

                  --scope <SCOPE>
                      What to watch: NAT (all of the gateway), NETWORKINTERFACE, VPC, SUBNET or CCN

                      [default: NAT]

                  --resource <RESOURCE>
                      The interface, VPC, subnet or CCN to watch, for scopes other than NAT

                  --type <KIND>
                      What to collect: ACCEPT, REJECT or ALL

                      [default: ALL]

                  --topic <TOPIC>
                      Topic that takes the records, by id or name; without it the server makes logset, topic and
                      index

                  --description <DESCRIPTION>
                      Description, at most 512 characters

              -h, --help
                      Print help (see a summary with '-h')

            Server and answer:
                  --server <URL>
                      Address of the server, for example `https://natlens.example` [default: the one in the key
                      file]

                  --ca-file <FILE>
                      File with the authority of the server's certificate, if it is none that browsers know

                  --key-file <FILE>
                      File with an access key [default: `admin-key.toml` in the data folder of a server on this
                      machine]

                  --region <REGION>
                      Region to ask for [default: the server's]

              -o, --output <FORM>
                      How the answer is written

                      Possible values:
                      - table: Columns for people
                      - json:  One JSON object a line, with everything that the server said
                      - csv:   Comma-separated values with a header (RFC 4180)

                      [default: table]

            Configuration:
                  --config <FILE>
                      Configuration file [default: `natlens.toml` here, or else `/etc/natlens/natlens.toml`]

                  --check
                      Checks the configuration and does nothing else

                  --print-config
                      Prints the configuration in effect, arguments included, and does nothing else"#]],
    );
}

#[test]
fn a_wrong_word_says_what_was_expected() {
    check_help(
        "natlens flow-log create all --type SOME",
        expect![[r#"
            error: invalid value 'SOME' for '--type <KIND>': `SOME` is no collection type: expected ACCEPT, REJECT or ALL

            For more information, try '--help'."#]],
    );
    check_help(
        "natlens search --since yesterday",
        expect![[r#"
            error: invalid value 'yesterday' for '--since <TIME>': `yesterday` is no time: write `15m`, `2h`, `7d`, `now`, `2026-11-25`, `2026-11-25T14:03` (UTC) or with an offset, `2026-11-25T14:03:12+08:00`

            For more information, try '--help'."#]],
    );
    check_help(
        "natlens search --limit 10001",
        expect![[r#"
            error: invalid value '10001' for '--limit <RECORDS>': 10001 is not in 1..=10000

            For more information, try '--help'."#]],
    );
    check_help(
        "natlens serch",
        expect![[r#"
            error: unrecognized subcommand 'serch'

              tip: some similar subcommands exist: 'server', 'user', 'search'

            Usage: natlens [OPTIONS] [COMMAND]

            For more information, try '--help'."#]],
    );
}
