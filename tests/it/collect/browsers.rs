//! Cross-origin requests: none by default.

use super::start;
use crate::support::telemetry::{line, traces};
use crate::support::{HttpClient, HttpResponse, Process, TempDir};

const SHOP: &str = "https://shop.example";

fn preflight(collect: &Process, origin: &str) -> HttpResponse {
    let headers = [("origin", origin), ("access-control-request-method", "POST")];
    HttpClient::connect(collect.port("HTTP")).request("OPTIONS", "/v1/traces", &headers, b"")
}

fn post(collect: &Process, origin: &str) -> HttpResponse {
    let headers = [("origin", origin), ("content-type", "application/json")];
    let body = line(&traces(0..1));
    HttpClient::connect(collect.port("HTTP")).request("POST", "/v1/traces", &headers, body.as_bytes())
}

#[test]
fn no_page_may_send_by_default() {
    let dir = TempDir::new();
    let collect = start(&dir, "");
    let response = preflight(&collect, SHOP);
    assert_eq!(response.status, 405);
    assert_eq!(response.header("access-control-allow-origin"), None);
    assert_eq!(post(&collect, SHOP).header("access-control-allow-origin"), None);
}

#[test]
fn pages_of_a_named_origin_may_send() {
    let dir = TempDir::new();
    let collect = start(&dir, "--cors-origin https://shop.example --cors-origin https://admin.example");
    for origin in [SHOP, "https://admin.example"] {
        let response = preflight(&collect, origin);
        assert_eq!(response.status, 204);
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        assert_eq!(response.header("access-control-allow-methods"), Some("POST"));
        let headers = response.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("content-type") && headers.contains("content-encoding"), "{headers}");
        assert_eq!(response.header("vary"), Some("origin"));
        let response = post(&collect, origin);
        assert_eq!((response.status, response.header("access-control-allow-origin")), (200, Some(origin)));
    }
    for origin in ["https://evil.example", "http://shop.example", "https://shop.example.evil", "null"] {
        assert_eq!(preflight(&collect, origin).header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(post(&collect, origin).header("access-control-allow-origin"), None, "{origin}");
    }
}

#[test]
fn pages_of_all_origins_may_send_with_a_star() {
    let dir = TempDir::new();
    let collect = start(&dir, "--cors-origin *");
    assert_eq!(preflight(&collect, SHOP).status, 204);
    assert!(post(&collect, SHOP).header("access-control-allow-origin").is_some());
}
