//! Writes the words and functions of SQL for the console from the tables of the language.
//!
//! Hides: the form of the file.
//! Knows nothing of: how the console offers them.

use query::{FUNCTIONS, SQL_KEYWORDS};

/// The file as TypeScript.
pub(super) fn file() -> String {
    let mut file = String::from(
        "/**\n * The words and functions of SQL, in the order in which they are offered.\n *\n \
         * Hides: nothing.\n * Knows nothing of: how they are offered.\n *\n \
         * Made by `cargo xtask generate` from `crates/query/src/complete.rs` and `crates/query/src/function/`.\n */\n\n\
         /** Key words. */\nexport const KEY_WORDS: readonly string[] = [\n",
    );
    for word in SQL_KEYWORDS {
        file += &format!("  '{word}',\n");
    }
    file += "]\n\n/** Functions: up to the parenthesis, or whole when nothing stands in it; and what they take. */\n";
    file += "export const FUNCTIONS: readonly (readonly [text: string, form: string])[] = [\n";
    for function in FUNCTIONS.iter().flat_map(|group| group.functions) {
        let call = function.call();
        let form = function.form.strip_prefix(&call).unwrap_or_default();
        file += &format!("  ['{call}', '{}'],\n", form.replace('\\', "\\\\").replace('\'', "\\'"));
    }
    file += "]\n";
    file
}
