//! Numbers of fields on the wire, for walks over the bytes that take several fields at once.

/// Of a `ResourceSpans` and a `ResourceLogs`: the resource.
pub(crate) const RESOURCE: u32 = 1;

/// Of a `ScopeSpans` and a `ScopeLogs`: the instrumentation scope.
pub(crate) const SCOPE: u32 = 1;

/// Of a `Resource`: an attribute.
pub(crate) const RESOURCE_ATTRIBUTE: u32 = 1;

/// Of an `InstrumentationScope`: an attribute.
pub(crate) const SCOPE_ATTRIBUTE: u32 = 3;

/// Fields of a `Span`.
pub(crate) mod span {
    pub(crate) const TRACE_ID: u32 = 1;
    pub(crate) const SPAN_ID: u32 = 2;
    pub(crate) const TRACE_STATE: u32 = 3;
    pub(crate) const PARENT_SPAN_ID: u32 = 4;
    pub(crate) const NAME: u32 = 5;
    pub(crate) const KIND: u32 = 6;
    pub(crate) const START: u32 = 7;
    pub(crate) const END: u32 = 8;
    pub(crate) const ATTRIBUTE: u32 = 9;
    pub(crate) const EVENT: u32 = 11;
    pub(crate) const LINK: u32 = 13;
    pub(crate) const STATUS: u32 = 15;
    pub(crate) const EVENT_NAME: u32 = 2;
    pub(crate) const EVENT_ATTRIBUTE: u32 = 3;
    pub(crate) const LINK_ATTRIBUTE: u32 = 4;
}

/// Fields of a `LogRecord`.
pub(crate) mod log {
    pub(crate) const TIME: u32 = 1;
    pub(crate) const SEVERITY: u32 = 2;
    pub(crate) const SEVERITY_TEXT: u32 = 3;
    pub(crate) const BODY: u32 = 5;
    pub(crate) const ATTRIBUTE: u32 = 6;
    pub(crate) const TRACE_ID: u32 = 9;
    pub(crate) const SPAN_ID: u32 = 10;
    pub(crate) const OBSERVED: u32 = 11;
    pub(crate) const EVENT_NAME: u32 = 12;
}

/// Fields of the data points of a metric.
pub(crate) mod point {
    pub(crate) const TIME: u32 = 3;
}
