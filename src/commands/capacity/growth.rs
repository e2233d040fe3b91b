//! When growth reaches limits.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::capacity::{Limits, Plan, Prices, Unit, Values, limits};

/// When growth reaches a limit.
pub(super) struct Growth {
    /// What is limited.
    pub(super) what: &'static str,
    pub(super) unit: Unit,
    pub(super) now: f64,
    pub(super) limit: f64,
    /// 0 where it is reached already, `None` where it is not in a century.
    pub(super) months: Option<f64>,
    /// The day, `2027-03-02`.
    pub(super) date: Option<String>,
}

/// When growth reaches the limits that are given, and those of the gateways of today and of one store; nothing without growth.
pub(super) fn of(values: &Values, prices: &Prices, limits: &Limits, now_ns: i64) -> Vec<Growth> {
    if values.growth <= 0.0 {
        return Vec::new();
    }
    let now = Plan::of(&Values { horizon: 0.0, ..*values }, prices);
    let row = |what: &'static str, unit: Unit, limit: f64, value: &dyn Fn(&Plan) -> f64| {
        let months = limits::months_until(values, prices, |plan| value(plan) > limit);
        let date = months.and_then(|months| date(now_ns, months));
        Growth { what, unit, now: value(&now), limit, months, date }
    };
    let given = limits.of(&now).into_iter().map(|limit| {
        let value = |plan: &Plan| {
            let limits = limits.of(plan);
            limits.iter().find(|other| other.name == limit.name).map_or(0.0, |found| found.value)
        };
        row(limit.name, limit.unit, limit.limit, &value)
    });
    let of_plan = [
        row("gateways of today", Unit::Count, now.value("gateways"), &|plan| plan.value("gateways")),
        row("one store", Unit::Count, values.replication, &|plan| plan.value("stores")),
    ];
    given.chain(of_plan).collect()
}

/// The day after so many months.
fn date(now_ns: i64, months: f64) -> Option<String> {
    const MONTH_S: f64 = 365.25 / 12.0 * 86_400.0;
    let now = Timestamp::from_nanosecond(i128::from(now_ns)).ok()?;
    let after = SignedDuration::try_from_secs_f64(months * MONTH_S).ok()?;
    Some(now.checked_add(after).ok()?.to_zoned(TimeZone::UTC).date().to_string())
}
