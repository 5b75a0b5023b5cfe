//! `ModifyLogset`: renames or tags a logset.

use super::prelude::*;
use crate::object::Tag;

/// What to change; an absent member stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct ModifyLogsetRequest {
    /// Which logset.
    pub logset_id: String,
    /// At most 255 characters, without `|`.
    pub logset_name: Option<String>,
    /// Replaces all tags.
    pub tags: Option<Vec<Tag>>,
}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ModifyLogsetResponse {}

operation!(Cls ModifyLogset(Operate): ModifyLogsetRequest => ModifyLogsetResponse, "Changes name or tags of a logset.");
