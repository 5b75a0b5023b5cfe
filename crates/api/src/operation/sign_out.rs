//! `SignOut`: ends the session.

use super::prelude::*;

/// Nothing: the session is named by its cookie.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SignOutRequest {}

/// Nothing but the request id.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct SignOutResponse {}

operation!(Natlens SignOut(View): SignOutRequest => SignOutResponse, "Ends the session.");
