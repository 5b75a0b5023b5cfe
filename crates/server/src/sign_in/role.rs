//! Roles: what users may do.
//!
//! Hides: which permissions a role has.
//! Knows nothing of: users, operations.

use std::str::FromStr;

use api::Permission;

/// What a user may do, in a browser and with access keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Everything.
    Admin,
    /// Search and read, and change nothing but the user's own password and keys.
    Reader,
}

/// A word that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role: expected `admin` or `reader`")]
pub(crate) struct UnknownRole(String);

impl Role {
    /// The word in API and catalog.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Reader => "reader",
        }
    }

    /// Whether the role includes `permission`. What is for agents alone, no role includes.
    pub(crate) const fn includes(self, permission: Permission) -> bool {
        match permission {
            Permission::Anyone | Permission::View => true,
            Permission::Upload | Permission::Operate | Permission::Administer => matches!(self, Self::Admin),
            Permission::Agent => false,
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(word: &str) -> Result<Self, UnknownRole> {
        match word {
            "admin" => Ok(Self::Admin),
            "reader" => Ok(Self::Reader),
            _ => Err(UnknownRole(word.to_owned())),
        }
    }
}
