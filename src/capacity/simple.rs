//! The simple model: planning formulas in common use, kept as they are so that their results can be compared.
//!
//! What is wrong with them: sizes are GiB and are called GB, memory depends on cores and not on what is under way, nothing is
//! sized for a peak or for a failure, what goes out ignores the sampler, every store is taken to compress to 30 %, and tiers
//! are billed by what comes in, not by what lies there.

use serde::Serialize;

use super::{GIB, Values};

const DAY_S: f64 = 86_400.0;
const MONTH_DAYS: f64 = 30.0;

/// The results, in the units that their names say, where GB is 2³⁰ bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the names are those of the formulas")]
pub struct Simple {
    pub daily_gb: f64,
    pub total_gb: f64,
    pub compressed_gb: f64,
    pub cores: f64,
    pub memory_gb: f64,
    pub instances: f64,
    pub inbound_mbps: f64,
    pub outbound_mbps: f64,
    pub monthly_gb: f64,
    pub hot_gb: f64,
    pub warm_gb: f64,
    pub cold_gb: f64,
    pub monthly_cost: f64,
}

impl Simple {
    /// Applies the formulas. A tier in use holds what comes in in a month.
    pub fn of(values: &Values) -> Simple {
        let Values { spans, size, rate, retention, warm, cold, queries, .. } = *values;
        let daily_gb = spans * DAY_S * rate * size / GIB;
        let total_gb = daily_gb * retention;
        let cores = (spans / 10_000.0).ceil();
        let inbound_mbps = spans * size * 8.0 / 1e6;
        let monthly_gb = spans * size * DAY_S * MONTH_DAYS / GIB;
        let tier = |days: f64| if days > 0.0 { monthly_gb } else { 0.0 };
        let (hot_gb, warm_gb, cold_gb) = (tier(retention), tier(warm), tier(cold));
        Simple {
            daily_gb,
            total_gb,
            compressed_gb: total_gb * 0.3,
            cores,
            memory_gb: cores * 2.0,
            instances: (cores / 4.0).ceil(),
            inbound_mbps,
            outbound_mbps: inbound_mbps * 0.8,
            monthly_gb,
            hot_gb,
            warm_gb,
            cold_gb,
            monthly_cost: 0.10 * hot_gb + 0.023 * warm_gb + 0.004 * cold_gb + 0.50 * queries / 1e6,
        }
    }
}
