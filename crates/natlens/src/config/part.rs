//! Declares a part of the configuration together with its documentation.
//!
//! Hides: how comments become text that the program knows.
//! Knows nothing of: single keys.

/// One key, as the reference shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The lines of its comment.
    pub(crate) help: &'static [&'static str],
}

/// Declares the struct of a table: each key with its comment, type and default.
macro_rules! part {
    (
        $(#[doc = $about:literal])+
        $name:ident[$table:literal] {
            $($(#[doc = $help:literal])+ $key:ident: $type:ty = $default:expr,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name {
            $($(#[doc = $help])+ pub(crate) $key: $type),+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default),+ }
            }
        }

        impl $name {
            /// The name of the table in the file.
            pub(crate) const TABLE: &'static str = $table;
            /// What the table is for.
            pub(crate) const ABOUT: &'static [&'static str] = &[$($about),+];
            /// Its keys.
            pub(crate) const KEYS: &'static [$crate::config::part::Key] =
                &[$($crate::config::part::Key { name: stringify!($key), help: &[$($help),+] }),+];
        }
    };
}

pub(crate) use part;
