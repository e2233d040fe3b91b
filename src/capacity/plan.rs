//! The full model: from a load to machines, memory, disk, network and money.
//!
//! What comes in is sized for its peak, what lies there by how long it stays (stock, not inflow), memory by how long spans are
//! under way (Little: L = λW). Agents on all nodes send to gateways, which sample and send to a store; gateways survive the
//! loss of one or of a zone.

use super::prices::{Class, Kind, Prices, Tier};
use super::queueing::{burstiness, mean_wait, quantile_wait, square_root_staffing};
use super::sheet::{Sheet, Step, ceil, floor, formulas, known, max, min, pow};
use super::{GIB, INPUTS, Inputs, Values};

const DAY_S: f64 = 86_400.0;
const MONTH_H: f64 = 730.0;
const MONTH_S: f64 = MONTH_H * 3600.0;
const MONTH_DAYS: f64 = MONTH_H / 24.0;
/// Of the memory that is asked for: what is left is for fragmentation and bursts.
const MEMORY_USED: f64 = 0.8;
/// A store compresses and commits on two threads.
const STORE_CORES: f64 = 2.0;
/// Spans that wait in an agent: the default of `obs relay`.
const AGENT_BUFFER: f64 = 30_000.0;
/// Cores and memory are asked for in steps.
const CORE_STEP: f64 = 0.05;
const MEMORY_STEP: f64 = 1_048_576.0;

/// A gateway that works on more at once makes nobody wait.
const MOST_SERVERS: f64 = 1024.0;

/// Numbers that formulas call by name.
const CONSTANTS: [(&str, f64); 11] = [
    ("GIB", GIB),
    ("DAY_S", DAY_S),
    ("MONTH_H", MONTH_H),
    ("MONTH_S", MONTH_S),
    ("MONTH_DAYS", MONTH_DAYS),
    ("MEMORY_USED", MEMORY_USED),
    ("STORE_CORES", STORE_CORES),
    ("AGENT_BUFFER", AGENT_BUFFER),
    ("CORE_STEP", CORE_STEP),
    ("MEMORY_STEP", MEMORY_STEP),
    ("MOST_SERVERS", MOST_SERVERS),
];

/// What a load takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What it was made from.
    pub values: Values,
    /// How it was computed.
    pub sheet: Sheet,
    /// What is on which tier.
    pub classes: [String; 3],
}

/// Rounded up to a multiple of `step`.
fn up_to(step: f64, value: f64) -> f64 {
    // What is a multiple but for the last bits is one.
    (value / step - 1e-9).ceil().max(1.0) * step
}

/// Gateways that are left when `spare` have failed, or the largest share of `zones`.
fn survivors(gateways: f64, spare: f64, zones: f64) -> f64 {
    let without_zone = if zones > 1.0 { gateways - (gateways / zones).ceil() } else { gateways };
    (gateways - spare).min(without_zone).max(1.0)
}

/// The fewest gateways of which `needed` survive.
fn gateways_for(needed: f64, spare: f64, zones: f64) -> f64 {
    let for_zones = if zones > 1.0 { (needed * zones / (zones - 1.0)).ceil() } else { needed };
    (needed + spare).max(for_zones)
}

/// The number, from `least` on, for which `cost` is the least, where each costs `each` at least; from 1000 on to three digits.
///
/// That it is the cheapest one, and not the smallest, is why more spans never cost less: what serves more spans would serve
/// fewer too.
fn cheapest(least: f64, each: f64, cost: impl Fn(f64) -> f64) -> f64 {
    /// Where nothing costs anything there is no end to it.
    const MOST: usize = 10_000;
    let step = |count: f64| 10_f64.powf(count.log10().floor() - 2.0).max(1.0);
    let mut count = (least / step(least)).ceil() * step(least);
    let (mut found, mut lowest) = (count, cost(count));
    for _ in 0..MOST {
        count += step(count);
        if count * each >= lowest {
            break;
        }
        let next = cost(count);
        if next < lowest {
            (found, lowest) = (count, next);
        }
    }
    found
}

/// Bytes for spans that come in at a rate and stay for a while: L = λW (Little).
pub fn residence_bytes(spans_per_second: f64, bytes_per_span: f64, seconds: f64) -> f64 {
    spans_per_second * bytes_per_span * seconds
}

/// What lies on a tier, in GiB: all that came in over its days, in all its copies, with room to spare.
pub fn stock_gib(daily_gib: f64, days: f64, copies: f64, room: f64) -> f64 {
    daily_gib * days * copies * room
}

impl Plan {
    /// Applies the formulas.
    pub fn of(values: &Values, prices: &Prices) -> Plan {
        let mut sheet = Sheet::default();
        let v = *values;
        // So that formulas read as they are written.
        let Values { spans, peak, size, errors, error_size, growth, horizon, rate, .. } = v;
        let Values { retention, warm, cold, stored, headroom, replication, .. } = v;
        let Values { collect_speed, sample_speed, relay_speed, store_speed, speed_size, per_byte, .. } = v;
        let Values { compress_speed, decompress_speed, .. } = v;
        let Values { utilisation, replica_cores, min_replicas, spare, zones, nodes, burst, request, .. } = v;
        let Values { base_memory, memory_size, store_memory, batch_timeout, decision_wait, outage, .. } = v;
        let Values { compression_in, compression_out, overhead, retries, fanout, .. } = v;
        let Values { cross_zone, egress, nat, queries, query_time, query_objects, object_size, .. } = v;
        let [hot, warm_class, cold_class] = Tier::ALL.map(|tier| prices.class(tier));
        let days = [retention, warm, cold];
        let classes = [&hot.1, &warm_class.1, &cold_class.1];

        formulas!(sheet, "load":
            mean_rate (PerSecond, "spans a second, when the horizon is reached") = spans * pow(1.0 + growth, horizon);
            peak_rate (PerSecond, "in the busiest minute") = mean_rate * peak;
            error_bytes_share (Share, "of all bytes, those of spans with an error") = errors * error_size / (1.0 - errors + errors * error_size);
            kept_share (Share, "of the spans that the sampler keeps") = errors + (1.0 - errors) * rate;
            kept_bytes_share (Share, "of their bytes") = error_bytes_share + (1.0 - error_bytes_share) * rate;
            kept_size (Bytes, "of a span that is kept") = size * kept_bytes_share / max(kept_share, 1e-9);
        );
        let usd = |key: &str| prices.get(key).map_or(0.0, |price| price.first());
        known!(sheet, "prices":
            usd_core_hour (Usd, "a core for an hour") = usd("core_hour");
            usd_memory_gib_hour (Usd, "a GiB of memory for an hour") = usd("memory_gib_hour");
        );
        let flag = |is: bool| f64::from(u8::from(is));
        known!(sheet, "compute":
            in_zstd (Ratio, "1 where agents compress") = flag(compression_in > 1.0);
            out_zstd (Ratio, "1 where gateways compress") = flag(compression_out > 1.0);
        );
        formulas!(sheet, "compute":
            size_factor (Ratio, "work on a span, against one of the measurement") = 1.0 - per_byte + per_byte * size / speed_size;
            kept_size_factor (Ratio, "work on a span that is kept") = 1.0 - per_byte + per_byte * kept_size / speed_size;
            gateway_busy_cores (Cores, "busy in gateways at the peak") = peak_rate * (size_factor * (1.0 / collect_speed + in_zstd / decompress_speed + 1.0 / sample_speed) + kept_share * fanout * kept_size_factor * (1.0 / relay_speed + out_zstd / compress_speed));
            gateway_cores (Cores, "for gateways, used as far as they shall be") = gateway_busy_cores / utilisation;
            base_gateways (Count, "gateways at least: one a zone") = max(max(min_replicas, zones), 1.0 + spare);
            gateway_cores_each (Cores, "of a gateway") = min(replica_cores, up_to(CORE_STEP, gateway_cores / survivors(base_gateways, spare, zones)));
            gateways_needed (Count, "gateways that can carry the load") = ceil(gateway_cores / gateway_cores_each - 1e-9);
            least_gateways (Count, "gateways, so that as many are left when one or a zone fails") = max(base_gateways, gateways_for(gateways_needed, spare, zones));
        );
        formulas!(sheet, "memory":
            decision_bytes (Bytes, "under way until batches leave and tail samplers decide") = residence_bytes(peak_rate, size * memory_size, batch_timeout + decision_wait);
            queue_bytes (Bytes, "waiting while the backend is away") = residence_bytes(peak_rate * kept_share, kept_size * memory_size, outage);
        );
        // More gateways than that pay where each holds much: those that are left share what the others held.
        let memory_of = |surviving: f64| {
            up_to(MEMORY_STEP, (base_memory + (decision_bytes + queue_bytes) / surviving) / MEMORY_USED)
        };
        let hourly = |gateways: f64| {
            let memory_gib = memory_of(survivors(gateways, spare, zones)) / GIB;
            gateways * (gateway_cores_each * usd_core_hour + memory_gib * usd_memory_gib_hour)
        };
        let least_hourly =
            gateway_cores_each * usd_core_hour + base_memory / MEMORY_USED / GIB * usd_memory_gib_hour;
        known!(sheet, "compute":
            gateways (Count, "gateways: as many as cost the least, from least_gateways on") = cheapest(least_gateways, least_hourly, hourly);
        );
        formulas!(sheet, "compute":
            surviving (Count, "gateways that are left when one or a zone has failed") = survivors(gateways, spare, zones);
            gateway_spans (PerSecond, "that a gateway takes when it is used as far as it shall be") = gateway_cores_each * utilisation * peak_rate / gateway_busy_cores;
            agent_busy_cores (Cores, "busy in an agent at the peak") = peak_rate / max(nodes, 1.0) * size_factor * (1.0 / collect_speed + 1.0 / relay_speed + in_zstd / compress_speed);
            agent_cores_each (Cores, "of an agent") = up_to(CORE_STEP, agent_busy_cores / utilisation);
            store_busy_cores (Cores, "busy in stores at the peak") = peak_rate * kept_share * (kept_size_factor * (1.0 / collect_speed + out_zstd / decompress_speed) + kept_size / speed_size / store_speed);
            stores (Count, "stores: each is one file with one writer") = max(1.0, ceil(store_busy_cores / utilisation / STORE_CORES - 1e-9)) * replication;
            store_cores_each (Cores, "of a store") = min(STORE_CORES, up_to(CORE_STEP, store_busy_cores / utilisation));
            cores (Cores, "in all") = gateways * gateway_cores_each + nodes * agent_cores_each + stores * store_cores_each;
        );
        formulas!(sheet, "memory":
            queue_items (Count, "spans that may wait in a gateway") = ceil(peak_rate * kept_share * outage / surviving);
            gateway_memory_bytes (Bytes, "of a gateway") = up_to(MEMORY_STEP, (base_memory + (decision_bytes + queue_bytes) / surviving) / MEMORY_USED);
            agent_memory_bytes (Bytes, "of an agent") = up_to(MEMORY_STEP, (base_memory + AGENT_BUFFER * size * memory_size) / MEMORY_USED);
            store_memory_bytes (Bytes, "of a store") = up_to(MEMORY_STEP, store_memory / MEMORY_USED);
            memory_gib (Gib, "in all") = (gateways * gateway_memory_bytes + nodes * agent_memory_bytes + stores * store_memory_bytes) / GIB;
        );
        let room = |class: &Class| if class.kind == Kind::Disk { headroom } else { 1.0 };
        known!(sheet, "storage":
            hot_room (Ratio, "room to spare on the hot tier: headroom on a disk, 1 for objects") = room(classes[0]);
            warm_room (Ratio, "the same on the warm tier") = room(classes[1]);
            cold_room (Ratio, "the same on the cold tier") = room(classes[2]);
        );
        formulas!(sheet, "storage":
            daily_raw_gib (Gib, "kept a day, uncompressed") = mean_rate * DAY_S * kept_bytes_share * size / GIB;
            daily_gib (Gib, "kept a day, as it is stored") = daily_raw_gib * stored;
            total_raw_gib (Gib, "kept in all, uncompressed") = daily_raw_gib * (retention + warm + cold);
            compressed_gib (Gib, "kept in all, as it is stored") = daily_gib * (retention + warm + cold);
            hot_gib (Gib, "on the hot tier, in all copies, with room to spare") = stock_gib(daily_gib, retention, replication, hot_room);
            warm_gib (Gib, "on the warm tier") = stock_gib(daily_gib, warm, replication, warm_room);
            cold_gib (Gib, "on the cold tier") = stock_gib(daily_gib, cold, replication, cold_room);
            store_disk_gib (Gib, "of the disk of a store") = hot_gib / stores;
        );
        formulas!(sheet, "network":
            in_mbps (Mbps, "into gateways at the peak") = peak_rate * size * 8.0 / 1e6 / compression_in * (1.0 + overhead);
            out_mbps (Mbps, "out of gateways at the peak") = peak_rate * kept_bytes_share * size * 8.0 / 1e6 / compression_out * fanout * (1.0 + retries) * (1.0 + overhead);
            month_in_gib (Gib, "into gateways a month") = mean_rate * size * MONTH_S / GIB / compression_in * (1.0 + overhead);
            month_out_gib (Gib, "out of gateways a month") = mean_rate * kept_bytes_share * size * MONTH_S / GIB / compression_out * fanout * (1.0 + retries) * (1.0 + overhead);
        );
        formulas!(sheet, "waiting":
            servers (Count, "requests that a gateway works on at once") = min(max(floor(gateway_cores_each), 1.0), MOST_SERVERS);
            busy_share (Share, "of the gateways' cores, used at the peak") = gateway_busy_cores / (gateways * gateway_cores_each);
            busy_share_after_loss (Share, "the same when one or a zone has failed") = gateway_busy_cores / (surviving * gateway_cores_each);
            square_root_cores (Cores, "by the square-root rule, were they one pool: what waiting alone asks for") = square_root_staffing(gateway_busy_cores, 1.0);
            service_s (Seconds, "a gateway works on a request") = request * gateway_busy_cores / peak_rate * servers / gateway_cores_each;
            burst_factor (Ratio, "waits against those of random arrivals") = burstiness(burst, 1.0);
            wait_s (Seconds, "a request waits on average at the peak") = mean_wait(servers, busy_share) * service_s * burst_factor;
            wait_p99_s (Seconds, "99 of 100 requests wait no longer") = quantile_wait(servers, busy_share, 0.99) * service_s * burst_factor;
            wait_p99_after_loss_s (Seconds, "the same when one or a zone has failed") = quantile_wait(servers, busy_share_after_loss, 0.99) * service_s * burst_factor;
        );
        let billed = |tier: usize| {
            if days[tier] > 0.0 { days[tier].max(classes[tier].days) / days[tier] } else { 1.0 }
        };
        let is_object = |tier: usize| classes[tier].kind == Kind::Objects && days[tier] > 0.0;
        let object_days: f64 = (0..3).filter(|tier| is_object(*tier)).map(|tier| days[tier]).sum();
        let read_gib = queries * query_objects * object_size / GIB;
        let retrieval = |tier: usize| match is_object(tier) {
            true => prices.retrieval(classes[tier], read_gib * days[tier] / object_days),
            false => 0.0,
        };
        let unit_price = |key: &str, units: f64| match units > 0.0 {
            true => prices.cost(key, units) / units,
            false => usd(key),
        };
        known!(sheet, "prices":
            hot_billed (Ratio, "days that are billed on the hot tier, by days that spans stay") = billed(0);
            warm_billed (Ratio, "the same on the warm tier") = billed(1);
            cold_billed (Ratio, "the same on the cold tier") = billed(2);
            usd_hot (Usd, "a GiB on the hot tier for a month, the mean of its steps") = unit_price(hot.0, hot_gib * hot_billed);
            usd_warm (Usd, "the same on the warm tier") = unit_price(warm_class.0, warm_gib * warm_billed);
            usd_cold (Usd, "the same on the cold tier") = unit_price(cold_class.0, cold_gib * cold_billed);
            object_tiers (Count, "tiers that keep objects") = (0..3).map(|tier| flag(is_object(tier))).sum();
            has_objects (Ratio, "1 where there is one") = flag(object_days > 0.0);
            retrieval_usd (UsdPerMonth, "reading from them, by the days that each keeps") = (0..3).map(retrieval).sum();
            usd_put (Usd, "1000 objects written") = usd("put");
            usd_get (Usd, "1000 objects read") = usd("get");
            usd_cross_zone (Usd, "a GiB from zone to zone") = usd("cross_zone");
            usd_egress (Usd, "a GiB to the internet, the mean of its steps") = unit_price("egress", month_out_gib * egress);
            usd_nat (Usd, "a GiB through NAT") = usd("nat");
            usd_nat_hour (Usd, "a NAT gateway for an hour") = usd("nat_hour");
            has_nat (Ratio, "1 where there is NAT") = flag(nat > 0.0);
        );
        formulas!(sheet, "cost":
            compute_usd (UsdPerMonth, "cores and memory") = (cores * usd_core_hour + memory_gib * usd_memory_gib_hour) * MONTH_H;
            hot_usd (UsdPerMonth, "hot tier") = hot_gib * hot_billed * usd_hot;
            warm_usd (UsdPerMonth, "warm tier, by the days that are billed at least") = warm_gib * warm_billed * usd_warm;
            cold_usd (UsdPerMonth, "cold tier, by the days that are billed at least") = cold_gib * cold_billed * usd_cold;
            puts (PerMonth, "objects written") = daily_gib * MONTH_DAYS * GIB / object_size * object_tiers * replication;
            gets (PerMonth, "objects read") = queries * query_objects * has_objects;
            requests_usd (UsdPerMonth, "requests to object storage, and what is read from it") = puts / 1000.0 * usd_put + gets / 1000.0 * usd_get + retrieval_usd;
            crossing_share (Share, "of the traffic that crosses from one zone to another") = cross_zone * (1.0 - 1.0 / zones);
            transfer_usd (UsdPerMonth, "transfer between zones, to the internet, through NAT") = (month_in_gib + month_out_gib * (1.0 - egress)) * crossing_share * usd_cross_zone + month_out_gib * egress * usd_egress + month_in_gib * nat * usd_nat + has_nat * zones * usd_nat_hour * MONTH_H;
            queries_usd (UsdPerMonth, "searches") = queries * query_time / 3600.0 * usd_core_hour;
            total_usd (UsdPerMonth, "in all") = compute_usd + hot_usd + warm_usd + cold_usd + requests_usd + transfer_usd + queries_usd;
        );
        Plan { values: v, sheet, classes: [hot.0, warm_class.0, cold_class.0].map(str::to_owned) }
    }

    /// The result of a formula, by its name.
    pub fn value(&self, name: &str) -> f64 {
        self.sheet.value(name)
    }

    /// What it costs a month.
    pub fn cost(&self) -> f64 {
        self.value("total_usd")
    }

    /// The first result that is no number, where the inputs are beyond what can be computed.
    pub fn beyond(&self) -> Option<&Step> {
        self.sheet.steps.iter().find(|step| !step.value.is_finite() && step.section != "waiting")
    }

    /// Every formula with the numbers put in, its result and what that is.
    pub fn explained(&self) -> Vec<(&Step, String)> {
        let known = |name: &str| {
            let input = INPUTS.iter().find(|input| input.key == name).map(|input| input.get(&self.values));
            input
                .or_else(|| CONSTANTS.iter().find(|(constant, _)| *constant == name).map(|(_, value)| *value))
        };
        self.sheet.steps.iter().map(|step| (step, self.sheet.with_numbers(step, &known))).collect()
    }

    /// What the cost may be when every input is as far off as it may be: deviations of independent inputs add up as squares.
    pub fn cost_range(&self, inputs: &Inputs, prices: &Prices) -> (f64, f64) {
        let cost = self.cost();
        let (mut below, mut above) = (0.0, 0.0);
        for input in INPUTS {
            let band = inputs.band(input);
            if band <= 1.0 {
                continue;
            }
            let at = |factor: f64| Plan::of(&input.scaled(&self.values, factor), prices).cost() - cost;
            let (one, other) = (at(band), at(band.recip()));
            above += one.max(other).max(0.0).powi(2);
            below += one.min(other).min(0.0).powi(2);
        }
        ((cost - f64::sqrt(below)).max(0.0), cost + f64::sqrt(above))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::capacity::{Input, Unit};

    fn example() -> Values {
        Values { spans: 100_000.0, ..Values::DEFAULT }
    }

    fn plan(values: &Values) -> Plan {
        Plan::of(values, &Prices::built_in().unwrap())
    }

    #[test]
    fn memory_is_throughput_by_residence() {
        let gib = |seconds: f64| residence_bytes(100_000.0, 1024.0, seconds) / GIB;
        assert!((gib(30.0) - 2.9).abs() < 0.05 && (3.0 * gib(30.0) - 8.6).abs() < 0.05);
        assert!((gib(300.0) - 28.6).abs() < 0.05);
        // What a plan says is that, by the peak, the size in memory and the reserve.
        let values =
            Values { peak: 1.0, decision_wait: 30.0, batch_timeout: 0.0, memory_size: 3.0, ..example() };
        assert!((plan(&values).value("decision_bytes") / GIB - 8.58).abs() < 0.01);
        let values = Values { peak: 1.0, rate: 1.0, outage: 300.0, memory_size: 1.0, ..example() };
        assert!((plan(&values).value("queue_bytes") / GIB - 28.61).abs() < 0.01);
    }

    #[test]
    fn a_tier_holds_what_comes_in_over_its_days() {
        assert_eq!(stock_gib(10.0, 90.0, 2.0, 1.25), 2250.0);
        let values = Values { rate: 1.0, stored: 1.0, headroom: 1.25, warm: 30.0, cold: 90.0, ..example() };
        let plan = plan(&values);
        // 100,000/s of 1 KiB are 8239.7 GiB a day: 7 of them with room to spare on the disk, 30 and 90 as objects.
        let daily = 100_000.0 * 86_400.0 * 1024.0 / GIB;
        for (name, expected) in [
            ("daily_gib", daily),
            ("hot_gib", daily * 7.0 * 1.25),
            ("warm_gib", daily * 30.0),
            ("cold_gib", daily * 90.0),
        ] {
            assert!((plan.value(name) / expected - 1.0).abs() < 1e-9, "{name}");
        }
        // 3 x what comes in in a month, which the simple model would bill.
        assert!((plan.value("cold_gib") / (daily * 30.0) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn gateways_survive_what_they_shall() {
        for (needed, spare, zones, expected) in [
            (1.0, 1.0, 1.0, 2.0),
            (2.0, 1.0, 3.0, 3.0),
            (3.0, 1.0, 3.0, 5.0),
            (4.0, 1.0, 3.0, 6.0),
            (4.0, 3.0, 3.0, 7.0),
            (5.0, 1.0, 3.0, 8.0),
            (5.0, 1.0, 2.0, 10.0),
        ] {
            assert_eq!(gateways_for(needed, spare, zones), expected, "{needed} {spare} {zones}");
            assert!(survivors(expected, spare, zones) >= needed);
            let fewer = expected - 1.0;
            let left = (fewer - spare).min(if zones > 1.0 { fewer - (fewer / zones).ceil() } else { fewer });
            assert!(left < needed, "{needed} {spare} {zones}");
        }
    }

    #[test]
    fn formulas_are_shown_with_their_numbers() {
        let plan = plan(&example());
        let of = |name: &str| plan.explained().into_iter().find(|(step, _)| step.name == name).unwrap().1;
        assert_eq!(of("peak_rate"), "100000 * 2.5");
        assert_eq!(of("kept_share"), "0.01 + (1.0 - 0.01) * 0.05");
        assert_eq!(of("total_usd").matches('+').count(), 6);
        // No name is left but those of functions and classes.
        for (step, text) in plan.explained() {
            let names = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
            let left: Vec<&str> =
                names.filter(|name| name.starts_with(|c: char| c.is_alphabetic())).collect();
            let functions = [
                "ceil",
                "floor",
                "max",
                "min",
                "pow",
                "up_to",
                "survivors",
                "gateways_for",
                "residence_bytes",
            ];
            let others = ["stock_gib", "burstiness", "mean_wait", "quantile_wait", "square_root_staffing"];
            assert!(
                left.iter().all(|name| functions.contains(name) || others.contains(name)),
                "{}: {text}",
                step.name
            );
            assert!(step.value.is_finite() && step.value >= 0.0, "{}: {}", step.name, step.value);
        }
    }

    /// Any values that inputs take, within reason.
    fn values() -> impl Strategy<Value = Values> {
        let one = |input: &'static Input| -> BoxedStrategy<f64> {
            match (input.key, input.unit) {
                ("spans", _) => (0.0..7.0_f64).prop_map(|exponent| 10_f64.powf(exponent)).boxed(),
                (_, Unit::Utilisation) => (0.05..1.0).boxed(),
                ("growth", _) => (0.0..0.3).boxed(),
                (_, Unit::Share) => (0.0..=1.0).boxed(),
                (_, Unit::Count) => (1_u32..9).prop_map(f64::from).boxed(),
                (_, Unit::Whole) => (0_u32..9).prop_map(f64::from).boxed(),
                (_, Unit::Factor) => (1.0..20.0).boxed(),
                (_, Unit::Days) => prop_oneof![Just(0.0), 0.1..400.0].boxed(),
                (_, Unit::Seconds | Unit::Months) => (0.0..100.0).boxed(),
                (_, Unit::PerMonth) => (0.0..1e7).boxed(),
                _ => (input.default / 10.0..input.default * 10.0).boxed(),
            }
        };
        INPUTS.iter().map(one).collect::<Vec<_>>().prop_map(|numbers| {
            let mut values = Values::DEFAULT;
            for (input, number) in INPUTS.iter().zip(numbers) {
                values = input.with(&values, number);
            }
            values
        })
    }

    proptest! {
        #[test]
        fn more_spans_never_cost_less(values in values(), more in 1.0..100.0_f64) {
            let (one, other) = (plan(&values), plan(&Values { spans: values.spans * more, ..values }));
            prop_assert!(other.cost() >= one.cost() * (1.0 - 1e-9), "{} then {}", one.cost(), other.cost());
            for name in ["hot_gib", "month_in_gib", "month_out_gib", "least_gateways", "stores"] {
                prop_assert!(other.value(name) >= one.value(name) * (1.0 - 1e-9), "{name}");
            }
        }

        #[test]
        fn half_the_rate_never_takes_more_room(values in values()) {
            let (one, other) = (plan(&values), plan(&Values { rate: values.rate / 2.0, ..values }));
            for name in ["daily_gib", "hot_gib", "warm_gib", "cold_gib", "month_out_gib", "total_usd"] {
                prop_assert!(other.value(name) <= one.value(name) * (1.0 + 1e-9), "{name}");
            }
        }

        #[test]
        fn what_is_left_after_a_failure_carries_the_peak(values in values()) {
            let plan = plan(&values);
            let value = |name: &str| plan.value(name);
            let left = survivors(value("gateways"), values.spare, values.zones);
            prop_assert!(left * value("gateway_cores_each") >= value("gateway_cores") * (1.0 - 1e-6));
            // Its memory too, and the queue that is set up.
            let held = value("decision_bytes") + value("queue_bytes");
            let room = left * (value("gateway_memory_bytes") * MEMORY_USED - values.base_memory);
            prop_assert!(room >= held * (1.0 - 1e-6), "{room} {held}");
            let waiting = value("peak_rate") * value("kept_share") * values.outage;
            prop_assert!(left * value("queue_items") >= waiting * (1.0 - 1e-9));
        }
    }

    #[test]
    fn where_each_gateway_holds_much_more_of_them_are_cheaper() {
        // 10 in all that surviving ones share: 1 + 10/(n-1) each.
        let cost = |count: f64| count * (1.0 + 10.0 / (count - 1.0));
        assert_eq!(cheapest(2.0, 1.0, cost), 4.0);
        assert_eq!(cheapest(6.0, 1.0, cost), 6.0);
        assert_eq!(cheapest(1234.0, 1.0, |count| count), 1240.0);
        assert_eq!(cheapest(2.0, 0.0, |_| 0.0), 2.0);
    }
}
