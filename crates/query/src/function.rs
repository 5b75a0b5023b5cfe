//! The function table: every function that SQL may use, and every published one that it may not.
//!
//! Hides: how the table is kept, a file for each group.
//! Knows nothing of: how a function is computed; the engine has one for every entry, and its cases stand in
//! `fixtures/engine/functions`.

mod address;
mod aggregate;
mod array;
mod date;
mod json;
mod left_out;
mod math;
mod text;
mod window;

/// One function of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The name, in lower case; calls may write it in any case.
    pub name: &'static str,
    /// How it is called, for example `date_format(moment, pattern)`.
    pub form: &'static str,
    /// What it gives, in English.
    pub help: &'static str,
}

impl Function {
    /// How a call begins; all of it when nothing stands between the parentheses.
    pub fn call(&self) -> String {
        match self.form.strip_prefix(self.name) {
            Some("()") => format!("{}()", self.name),
            Some("(*)") => format!("{}(*)", self.name),
            Some(form) if form.starts_with('(') => format!("{}(", self.name),
            _ => self.name.to_owned(),
        }
    }
}

/// Functions that belong together.
#[derive(Clone, Copy, Debug)]
pub struct FunctionGroup {
    /// What its file of cases is called, without ending.
    pub name: &'static str,
    /// What they are about, in English.
    pub title: &'static str,
    /// The functions, the most used first.
    pub functions: &'static [Function],
}

/// A published function that is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The name, in lower case.
    pub name: &'static str,
    /// Why, and what to do instead; stands behind a colon.
    pub instead: &'static str,
}

/// Every function, by group.
pub const FUNCTIONS: &[FunctionGroup] = &[
    FunctionGroup { name: "date", title: "Time and dates", functions: date::FUNCTIONS },
    FunctionGroup { name: "address", title: "Addresses", functions: address::FUNCTIONS },
    FunctionGroup {
        name: "aggregate",
        title: "Aggregates, estimates and statistics",
        functions: aggregate::FUNCTIONS,
    },
    FunctionGroup { name: "window", title: "Windows", functions: window::FUNCTIONS },
    FunctionGroup { name: "text", title: "Texts and regular expressions", functions: text::FUNCTIONS },
    FunctionGroup { name: "math", title: "Numbers, bits and conditions", functions: math::FUNCTIONS },
    FunctionGroup { name: "array", title: "Arrays", functions: array::FUNCTIONS },
    FunctionGroup { name: "json", title: "JSON", functions: json::FUNCTIONS },
];

/// Every published function that is not offered.
pub const LEFT_OUT: &[LeftOut] = left_out::LEFT_OUT;

/// The function of that name, in any case.
pub fn function(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// Every function.
pub(crate) fn all() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().flat_map(|group| group.functions)
}

const fn entry(name: &'static str, form: &'static str, help: &'static str) -> Function {
    Function { name, form, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_once_and_its_form_begins_with_it() {
        let left_out = LEFT_OUT.iter().map(|left_out| left_out.name);
        let mut names: Vec<&str> = all().map(|function| function.name).chain(left_out).collect();
        names.sort_unstable();
        let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).collect();
        assert!(twice.is_empty(), "{twice:?}");
        for function in all() {
            assert!(function.form.starts_with(function.name), "{}", function.form);
            assert!(!function.help.ends_with('.'), "{}", function.help);
        }
    }
}
