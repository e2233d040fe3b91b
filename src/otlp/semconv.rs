//! What the semantic conventions say about attributes that decisions hang on.

use super::field::RESOURCE;
use super::proto::Resource;
use super::view::{Fields, Value};

/// The `service.name` of a `ResourceSpans`, `ResourceMetrics` or `ResourceLogs`; empty where it has none.
pub fn service_name(container: &[u8]) -> &str {
    let resource = Fields::new(container).find_map(|(number, value)| match value {
        Value::Len(bytes) if number == RESOURCE => Some(Resource(bytes)),
        _ => None,
    });
    let name = resource.and_then(|resource| {
        resource
            .attributes()
            .find(|attribute| attribute.key() == "service.name")
            .and_then(|name| name.value())
    });
    name.and_then(|name| name.string_value()).unwrap_or_default()
}
