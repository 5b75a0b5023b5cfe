//! The description of all operations for machines: OpenAPI 3.1.
//!
//! Hides: how the operation table becomes a document.
//! Knows nothing of: HTTP servers.

use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApiBuilder, PathItem, PathsBuilder,
    Ref, RefOr, Required, ResponseBuilder, Schema, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::batch::BATCH_CONTENT_TYPE;
use crate::error::ErrorReply;
use crate::operation::{
    DownloadLog, Operation, OperationVisitor, Permission, TailLog, UploadBatch, visit_operations,
};

const JSON: &str = "application/json";

/// Events of one object each (WHATWG HTML, 9.2).
const EVENT_STREAM: &str = "text/event-stream";

/// The forms of a file that is answered.
const FILES: [&str; 3] = ["text/csv", "application/x-ndjson", "application/vnd.apache.parquet"];

/// The document as pretty JSON with a final newline; the same for the same program.
pub fn openapi_json() -> String {
    let mut document = Document::default();
    visit_operations(&mut document);
    document.add_schema::<ErrorReply>();
    let mut components = ComponentsBuilder::new()
        .security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("natlens_session"))),
        )
        .security_scheme(
            "bearer",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        );
    for (name, schema) in document.schemas {
        components = components.schema(name, schema);
    }
    let info = InfoBuilder::new()
        .title("natlens")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("NAT gateway flow logs: the operations as plain JSON with real status codes."))
        .build();
    let api =
        OpenApiBuilder::new().info(info).paths(document.paths).components(Some(components.build())).build();
    let mut text = serde_json::to_string_pretty(&api).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Default)]
struct Document {
    paths: PathsBuilder,
    schemas: std::collections::BTreeMap<String, RefOr<Schema>>,
}

impl Document {
    fn add_schema<T: ToSchema>(&mut self) -> Ref {
        let mut needed = Vec::new();
        T::schemas(&mut needed);
        self.schemas.extend(needed);
        self.schemas.insert(T::name().into_owned(), T::schema());
        Ref::from_schema_name(T::name())
    }
}

impl OperationVisitor for Document {
    fn visit<O: Operation>(&mut self) {
        let request = self.add_schema::<O::Request>();
        let response = self.add_schema::<O::Response>();
        let failure = Ref::from_schema_name(ErrorReply::name());
        let body = if O::NAME == UploadBatch::NAME {
            let bytes = ObjectBuilder::new().schema_type(Type::String);
            RequestBodyBuilder::new()
                .content(BATCH_CONTENT_TYPE, ContentBuilder::new().schema(Some(bytes.build())).build())
        } else {
            RequestBodyBuilder::new().content(JSON, ContentBuilder::new().schema(Some(request)).build())
        };
        let region = ParameterBuilder::new()
            .name("Region")
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some("The region; the server's default when absent."))
            .schema(Some(String::schema()));
        let mut operation = OperationBuilder::new()
            .operation_id(Some(O::NAME))
            .tag(O::SERVICE.as_str())
            .summary(Some(O::SUMMARY))
            .parameter(region)
            .request_body(Some(body.required(Some(Required::True)).build()))
            .response("200", done::<O>(response))
            .response("default", answer("Failed.", JSON, failure));
        if O::PERMISSION != Permission::Anyone {
            operation = operation
                .security(SecurityRequirement::new("session", [""; 0]))
                .security(SecurityRequirement::new("bearer", [""; 0]));
        }
        let path = format!("/api/{}/{}", O::SERVICE.as_str(), O::NAME);
        self.paths =
            std::mem::take(&mut self.paths).path(path, PathItem::new(HttpMethod::Post, operation.build()));
    }
}

/// The answer of `O`.
fn done<O: Operation>(response: Ref) -> utoipa::openapi::Response {
    let description = "Done; the header `x-request-id` names the request.";
    if O::NAME == DownloadLog::NAME {
        let file =
            || ContentBuilder::new().schema(Some(ObjectBuilder::new().schema_type(Type::String).build()));
        let described = ResponseBuilder::new().description(description);
        return FILES
            .into_iter()
            .fold(described, |answer, form| answer.content(form, file().build()))
            .build();
    }
    answer(description, if O::NAME == TailLog::NAME { EVENT_STREAM } else { JSON }, response)
}

fn answer(description: &str, content_type: &str, schema: Ref) -> utoipa::openapi::Response {
    ResponseBuilder::new()
        .description(description)
        .content(content_type, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_document_is_up_to_date() {
        expect_test::expect_file!["../../../docs/reference/openapi.json"].assert_eq(&openapi_json());
    }

    #[test]
    fn every_operation_and_every_schema_it_names_is_described() {
        let text = openapi_json();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["paths"].as_object().unwrap().len(), 50);
        for part in text.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(document["components"]["schemas"][name].is_object(), "schema `{name}` is missing");
        }
    }
}
