//! `protocol!`: turns the list of messages in [`crate::otlp::proto`] into schema tables and views.

macro_rules! kind {
    (bool) => {
        Kind::Bool
    };
    (uint32) => {
        Kind::Uint32
    };
    (int32) => {
        Kind::Int32
    };
    (sint32) => {
        Kind::Sint32
    };
    (uint64) => {
        Kind::Uint64
    };
    (int64) => {
        Kind::Int64
    };
    (fixed32) => {
        Kind::Fixed32
    };
    (fixed64) => {
        Kind::Fixed64
    };
    (sfixed64) => {
        Kind::Sfixed64
    };
    (double) => {
        Kind::Double
    };
    (string) => {
        Kind::String
    };
    (bytes) => {
        Kind::Bytes
    };
    (trace_id) => {
        Kind::Id(16)
    };
    (span_id) => {
        Kind::Id(8)
    };
    (SPAN_KIND) => {
        Kind::Enum(super::SPAN_KIND)
    };
    (STATUS_CODE) => {
        Kind::Enum(super::STATUS_CODE)
    };
    (AGGREGATION_TEMPORALITY) => {
        Kind::Enum(super::AGGREGATION_TEMPORALITY)
    };
    (SEVERITY_NUMBER) => {
        Kind::Enum(super::SEVERITY_NUMBER)
    };
    ($message:ident) => {
        Kind::Message(&$message)
    };
}

macro_rules! op {
    (repeated fixed64) => {
        Op::PackedI64
    };
    (repeated double) => {
        Op::PackedI64
    };
    (repeated uint64) => {
        Op::PackedVarint
    };
    ($label:ident fixed64) => {
        Op::I64
    };
    ($label:ident sfixed64) => {
        Op::I64
    };
    ($label:ident double) => {
        Op::I64
    };
    ($label:ident fixed32) => {
        Op::I32
    };
    ($label:ident bool) => {
        Op::Varint
    };
    ($label:ident uint32) => {
        Op::Varint
    };
    ($label:ident int32) => {
        Op::Varint
    };
    ($label:ident sint32) => {
        Op::Varint
    };
    ($label:ident uint64) => {
        Op::Varint
    };
    ($label:ident int64) => {
        Op::Varint
    };
    ($label:ident SPAN_KIND) => {
        Op::Varint
    };
    ($label:ident STATUS_CODE) => {
        Op::Varint
    };
    ($label:ident AGGREGATION_TEMPORALITY) => {
        Op::Varint
    };
    ($label:ident SEVERITY_NUMBER) => {
        Op::Varint
    };
    ($label:ident string) => {
        Op::String
    };
    ($label:ident bytes) => {
        Op::Bytes
    };
    ($label:ident trace_id) => {
        Op::TraceId
    };
    ($label:ident span_id) => {
        Op::SpanId
    };
    ($label:ident KeyValue) => {
        Op::Attribute
    };
    ($label:ident $message:ident) => {
        Op::Message
    };
}

macro_rules! label {
    (single) => {
        Label::Single
    };
    (optional) => {
        Label::Optional
    };
    (oneof) => {
        Label::Oneof
    };
    (repeated) => {
        Label::Repeated
    };
}

macro_rules! scalar {
    ($(#[$doc:meta])* $name:ident $number:literal single $type:ty, $from:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> $type {
            last(self.0, $number).map_or(Default::default(), |value| value.$from())
        }
    };
    ($(#[$doc:meta])* $name:ident $number:literal repeated $type:ty, $from:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> impl Iterator<Item = $type> + use<'a> {
            Packed::new(self.0, $number, element_wire_type(stringify!($from))).map(|value| value.$from())
        }
    };
    ($(#[$doc:meta])* $name:ident $number:literal $label:ident $type:ty, $from:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> Option<$type> {
            last(self.0, $number).map(|value| value.$from())
        }
    };
}

macro_rules! getter {
    ($(#[$d:meta])* $f:ident $n:literal $l:ident bool) => { scalar!($(#[$d])* $f $n $l bool, bool); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident uint32) => { scalar!($(#[$d])* $f $n $l u32, uint32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident int32) => { scalar!($(#[$d])* $f $n $l i32, int32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident sint32) => { scalar!($(#[$d])* $f $n $l i32, sint32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident uint64) => { scalar!($(#[$d])* $f $n $l u64, uint64); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident int64) => { scalar!($(#[$d])* $f $n $l i64, int64); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident fixed32) => { scalar!($(#[$d])* $f $n $l u32, uint32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident fixed64) => { scalar!($(#[$d])* $f $n $l u64, fixed64); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident sfixed64) => { scalar!($(#[$d])* $f $n $l i64, int64); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident double) => { scalar!($(#[$d])* $f $n $l f64, double); };
    ($(#[$d:meta])* $f:ident $n:literal repeated string) => {
        $(#[$d])*
        pub fn $f(&self) -> impl Iterator<Item = &'a str> + use<'a> { Nested::new(self.0, $n).map(super::view::text) }
    };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident string) => { scalar!($(#[$d])* $f $n $l &'a str, str); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident bytes) => { scalar!($(#[$d])* $f $n $l &'a [u8], bytes); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident trace_id) => { scalar!($(#[$d])* $f $n $l &'a [u8], bytes); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident span_id) => { scalar!($(#[$d])* $f $n $l &'a [u8], bytes); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident SPAN_KIND) => { scalar!($(#[$d])* $f $n $l i32, int32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident STATUS_CODE) => { scalar!($(#[$d])* $f $n $l i32, int32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident AGGREGATION_TEMPORALITY) => { scalar!($(#[$d])* $f $n $l i32, int32); };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident SEVERITY_NUMBER) => { scalar!($(#[$d])* $f $n $l i32, int32); };
    ($(#[$d:meta])* $f:ident $n:literal repeated $message:ident) => {
        $(#[$d])*
        pub fn $f(&self) -> impl Iterator<Item = $message<'a>> + use<'a> { Nested::new(self.0, $n).map($message) }
    };
    ($(#[$d:meta])* $f:ident $n:literal $l:ident $message:ident) => {
        $(#[$d])*
        pub fn $f(&self) -> Option<$message<'a>> { last(self.0, $n).map(|value| $message(value.bytes())) }
    };
}

macro_rules! protocol {
    ($(
        $(#[$message_doc:meta])*
        $message:ident($item:literal) {
            $( $(#[$doc:meta])* $number:literal $field:ident $json:literal $label:ident $kind:ident; )*
        }
    )*) => {
        /// The schema table of every message.
        #[allow(non_upper_case_globals)]
        pub mod schema {
            use crate::otlp::quick::Op;
            use crate::otlp::schema::{Field, Kind, Label, Message, index, is_attribute, is_span, oneof, ops, unraw};
            $(
                $(#[$message_doc])*
                pub static $message: Message = Message {
                    name: stringify!($message),
                    fields: &[$(Field {
                        number: $number,
                        json: $json,
                        snake: unraw(stringify!($field)),
                        key: concat!(",\"", $json, "\":"),
                        kind: kind!($kind),
                        label: label!($label),
                    }),*],
                    by_number: index(&[$($number),*]),
                    ops: ops(&[$($number),*], &[$(op!($label $kind)),*]),
                    oneof: oneof(&[$(label!($label)),*]),
                    item: $item,
                    is_attribute: is_attribute(stringify!($message)), is_span: is_span(stringify!($message)),
                };
            )*
        }
        $(
            $(#[$message_doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $message<'a>(pub(crate) &'a [u8]);

            impl<'a> $message<'a> {
                /// The message's bytes, as they are on the wire.
                pub fn as_bytes(&self) -> &'a [u8] { self.0 }
                $( getter!(
                    #[doc = concat!("`", $json, "`, field ", stringify!($number), ".")]
                    $(#[$doc])* $field $number $label $kind
                ); )*
            }
        )*
    };
}
