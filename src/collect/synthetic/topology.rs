//! The shop: its services and what they do for a request.

/// A service: `service.name`, `service.version`, the language of its SDK, its host.
pub(super) const SERVICES: [(&str, &str, &str, &str); 10] = [
    ("frontend", "2.4.1", "nodejs", "web-1"),
    ("checkout", "1.9.0", "go", "app-1"),
    ("cart", "1.3.2", "dotnet", "app-2"),
    ("payment", "3.0.4", "java", "app-3"),
    ("shipping", "0.8.7", "rust", "app-1"),
    ("product-catalog", "1.12.0", "go", "app-2"),
    ("recommendation", "0.5.0", "python", "app-3"),
    ("currency", "1.1.1", "cpp", "app-1"),
    ("email", "0.9.3", "ruby", "app-2"),
    ("inventory", "2.0.0", "java", "app-3"),
];

/// How an operation is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    /// From outside, or by HTTP from another service: a client and a server span.
    Http { method: &'static str, route: &'static str },
    /// By gRPC from another service: a client and a server span.
    Rpc { service: &'static str, method: &'static str },
    /// By a queue: a producer and a consumer span.
    Queue(&'static str),
    /// A call to a database: a client span.
    Database { system: &'static str, query: &'static str },
    /// Work inside the service: an internal span.
    Internal(&'static str),
}

/// An operation and what it calls, one after the other.
#[derive(Debug)]
pub(super) struct Operation {
    /// Position in [`SERVICES`].
    pub(super) service: usize,
    pub(super) via: Via,
    /// Median of its own work, in microseconds.
    pub(super) own_work_us: f64,
    /// Share of the calls that fail by themselves.
    pub(super) failures: f64,
    /// What the log says when it fails.
    pub(super) complaint: &'static str,
    pub(super) calls: &'static [Operation],
}

const fn operation(
    service: usize,
    via: Via,
    own_work_us: f64,
    failures: f64,
    complaint: &'static str,
    calls: &'static [Operation],
) -> Operation {
    Operation { service, via, own_work_us, failures, complaint, calls }
}

const fn rpc(service: &'static str, method: &'static str) -> Via {
    Via::Rpc { service, method }
}

const fn database(system: &'static str, query: &'static str) -> Via {
    Via::Database { system, query }
}

const fn http(method: &'static str, route: &'static str) -> Via {
    Via::Http { method, route }
}

const PRODUCT: Operation = operation(
    5,
    rpc("oteldemo.ProductCatalogService", "GetProduct"),
    900.0,
    0.001,
    "product not found in the catalog",
    &[operation(
        5,
        database("postgresql", "SELECT * FROM products WHERE id = $1"),
        1_400.0,
        0.0005,
        "connection to the database timed out",
        &[],
    )],
);

/// Requests from outside, with how often each comes.
pub(super) static REQUESTS: [(u32, Operation); 4] = [
    (
        50,
        operation(
            0,
            http("GET", "/product/{id}"),
            1_200.0,
            0.0005,
            "upstream reset the connection",
            &[
                PRODUCT,
                operation(
                    6,
                    rpc("oteldemo.RecommendationService", "ListRecommendations"),
                    4_000.0,
                    0.002,
                    "recommendation model is not loaded",
                    &[PRODUCT],
                ),
            ],
        ),
    ),
    (
        25,
        operation(
            0,
            http("POST", "/cart"),
            900.0,
            0.0005,
            "invalid cart item",
            &[
                PRODUCT,
                operation(
                    2,
                    rpc("oteldemo.CartService", "AddItem"),
                    700.0,
                    0.001,
                    "cart is locked",
                    &[operation(
                        2,
                        database("redis", "HSET cart:{user} {item} {quantity}"),
                        300.0,
                        0.0005,
                        "redis: connection refused",
                        &[],
                    )],
                ),
            ],
        ),
    ),
    (
        15,
        operation(
            0,
            http("GET", "/currency"),
            400.0,
            0.0,
            "",
            &[operation(
                7,
                rpc("oteldemo.CurrencyService", "GetSupportedCurrencies"),
                250.0,
                0.0002,
                "exchange rates are stale",
                &[],
            )],
        ),
    ),
    (
        10,
        operation(
            0,
            http("POST", "/checkout"),
            2_000.0,
            0.001,
            "checkout failed",
            &[operation(
                1,
                rpc("oteldemo.CheckoutService", "PlaceOrder"),
                3_000.0,
                0.001,
                "order could not be placed",
                &[
                    operation(
                        2,
                        rpc("oteldemo.CartService", "GetCart"),
                        600.0,
                        0.001,
                        "cart is locked",
                        &[operation(
                            2,
                            database("redis", "HGETALL cart:{user}"),
                            300.0,
                            0.0005,
                            "redis: connection refused",
                            &[],
                        )],
                    ),
                    PRODUCT,
                    operation(
                        7,
                        rpc("oteldemo.CurrencyService", "Convert"),
                        250.0,
                        0.0002,
                        "exchange rates are stale",
                        &[],
                    ),
                    operation(
                        4,
                        http("POST", "/ship-order"),
                        5_000.0,
                        0.002,
                        "no carrier for this address",
                        &[operation(4, Via::Internal("calculate-quote"), 800.0, 0.0, "", &[])],
                    ),
                    operation(
                        3,
                        rpc("oteldemo.PaymentService", "Charge"),
                        40_000.0,
                        0.015,
                        "card was declined by the issuer",
                        &[operation(
                            3,
                            database(
                                "postgresql",
                                "INSERT INTO transactions (order_id, amount) VALUES ($1, $2)",
                            ),
                            2_500.0,
                            0.001,
                            "deadlock detected",
                            &[],
                        )],
                    ),
                    operation(
                        8,
                        Via::Queue("order-confirmations"),
                        12_000.0,
                        0.003,
                        "smtp: 451 temporary local problem",
                        &[],
                    ),
                    operation(
                        9,
                        Via::Queue("stock-movements"),
                        3_000.0,
                        0.001,
                        "stock below zero",
                        &[operation(
                            9,
                            database(
                                "postgresql",
                                "UPDATE stock SET quantity = quantity - $1 WHERE product_id = $2",
                            ),
                            1_800.0,
                            0.001,
                            "deadlock detected",
                            &[],
                        )],
                    ),
                ],
            )],
        ),
    ),
];
