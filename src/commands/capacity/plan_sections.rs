//! The tables of a plan.

use super::growth::Growth;
use super::plan_report::Answer;
use crate::capacity::sensitivity::Effect;
use crate::capacity::services::ServiceCost;
use crate::capacity::{Limit, Unit, digits, usd};
use crate::ui::document::Section;

/// Inputs that are shown unless all are wanted.
const MATTER_MOST: usize = 8;

impl Answer<'_> {
    pub(super) fn storage(&self) -> Section {
        let values = &self.plan.values;
        let days = values.retention + values.warm + values.cold;
        let show = |name: &str| self.show(name);
        let mut rows = vec![
            vec!["a day".into(), String::new(), show("daily_raw_gib"), show("daily_gib"), String::new()],
            vec![
                "in all".into(),
                Unit::Days.show(days),
                show("total_raw_gib"),
                show("compressed_gib"),
                String::new(),
            ],
        ];
        for (tier, days, gib, usd_) in self.tiers() {
            let class = &self.plan.classes[tier as usize];
            let cells = match days > 0.0 {
                true => [Unit::Days.show(days), String::new(), Unit::Gib.show(gib), usd(usd_)],
                false => ["–".into(), String::new(), "–".into(), "–".into()],
            };
            rows.push([format!("{} ({class})", tier.name())].into_iter().chain(cells).collect());
        }
        let columns =
            [("kept", false), ("for", true), ("uncompressed", true), ("stored", true), ("a month", true)];
        Section::new("Storage (tiers with all copies and room to spare)", &columns, rows)
    }

    pub(super) fn compute(&self) -> Section {
        let value = |name: &str| self.plan.value(name);
        let row = |name: &str, count: f64, busy: f64, cores: f64, memory: f64| {
            vec![
                name.to_owned(),
                Unit::Count.show(count),
                digits(cores),
                Unit::Bytes.show(memory),
                if count > 0.0 { Unit::Share.show(busy / (count * cores)) } else { "–".into() },
                digits(count * cores),
                Unit::Bytes.show(count * memory),
            ]
        };
        let nodes = self.plan.values.nodes;
        let rows = vec![
            row(
                "gateway",
                value("gateways"),
                value("gateway_busy_cores"),
                value("gateway_cores_each"),
                value("gateway_memory_bytes"),
            ),
            row(
                "agent",
                nodes,
                value("agent_busy_cores") * nodes,
                value("agent_cores_each"),
                value("agent_memory_bytes"),
            ),
            row(
                "store",
                value("stores"),
                value("store_busy_cores"),
                value("store_cores_each"),
                value("store_memory_bytes"),
            ),
        ];
        let columns = [
            ("machine", false),
            ("number", true),
            ("cores", true),
            ("memory", true),
            ("used at the peak", true),
            ("cores in all", true),
            ("memory in all", true),
        ];
        Section::new("Compute", &columns, rows)
    }

    pub(super) fn network(&self) -> Section {
        let row =
            |name: &str, peak: &str, month: &str| vec![name.to_owned(), self.show(peak), self.show(month)];
        let rows = vec![
            row("into gateways", "in_mbps", "month_in_gib"),
            row("out of gateways", "out_mbps", "month_out_gib"),
        ];
        Section::new("Network", &[("traffic", false), ("at the peak", true), ("a month", true)], rows)
    }

    pub(super) fn waiting(&self) -> Section {
        let row =
            |name: &str, busy: &str, wait: &str| vec![name.to_owned(), self.show(busy), self.show(wait)];
        let mut rows = vec![
            row("all gateways", "busy_share", "wait_p99_s"),
            row("one, or a zone, has failed", "busy_share_after_loss", "wait_p99_after_loss_s"),
        ];
        let measured = self.profile.iter().flat_map(|profile| &profile.latency).map(|latency| {
            let wait = Unit::Seconds.show(latency.p99_ms / 1e3);
            vec!["an export, measured by calibrate".into(), Unit::Share.show(latency.load), wait]
        });
        rows.extend(measured);
        let columns = [("at the peak", false), ("used", true), ("99 % of requests wait at most", true)];
        Section::new("Waiting", &columns, rows)
    }

    pub(super) fn cost(&self) -> Section {
        let parts = self.parts();
        let bars = parts.iter().map(|(_, part)| (0.0, *part)).chain([(0.0, 0.0)]).collect();
        let total = self.plan.cost();
        let share = |part: f64| Unit::Share.show(if total > 0.0 { part / total } else { 0.0 });
        let mut rows: Vec<Vec<String>> =
            parts.into_iter().map(|(name, part)| vec![name, usd(part), share(part)]).collect();
        rows.push(vec!["in all".into(), usd(total), share(total)]);
        let columns = [("part", false), ("a month", true), ("share", true)];
        Section::new("Cost", &columns, rows).with_bars(bars)
    }

    pub(super) fn limits_section(&self) -> Option<Section> {
        let row = |limit: &Limit| {
            let verdict = if limit.is_exceeded() { "exceeded" } else { "kept" };
            vec![
                limit.name.into(),
                limit.unit.show(limit.limit),
                limit.unit.show(limit.value),
                verdict.into(),
            ]
        };
        let columns = [("limit of", false), ("limit", true), ("plan", true), ("", false)];
        (!self.limits.is_empty())
            .then(|| Section::new("Limits", &columns, self.limits.iter().map(row).collect()))
    }

    pub(super) fn growth_section(&self) -> Option<Section> {
        let row = |growth: &Growth| {
            let months = match growth.months {
                Some(0.0) => "now".into(),
                Some(months) => format!("in {}", Unit::Months.show(months)),
                None => "not in a century".into(),
            };
            let date = growth.date.clone().unwrap_or_default();
            vec![
                growth.what.into(),
                growth.unit.show(growth.now),
                growth.unit.show(growth.limit),
                months,
                date,
            ]
        };
        let columns = [("what", false), ("now", true), ("limit", true), ("reached", false), ("date", false)];
        let title = format!("Growth of {}", Unit::Growth.show(self.plan.values.growth));
        (!self.growth.is_empty())
            .then(|| Section::new(&title, &columns, self.growth.iter().map(row).collect()))
    }

    pub(super) fn services_section(&self) -> Option<Section> {
        let row = |service: &ServiceCost| {
            let name = if service.name.is_empty() { "(none)" } else { &service.name };
            vec![
                name.to_owned(),
                Unit::PerSecond.show(service.spans),
                Unit::Bytes.show(service.size),
                Unit::Share.show(service.share),
                Unit::Share.show(service.errors),
                usd(service.cost),
                usd(service.sampling_saves),
                usd(service.half_saves),
            ]
        };
        let columns = [
            ("service", false),
            ("spans", true),
            ("size", true),
            ("of all bytes", true),
            ("errors", true),
            ("a month", true),
            ("sampling saves", true),
            ("half the rate saves", true),
        ];
        let bars = self.services.iter().map(|service| (0.0, service.cost)).collect();
        (!self.services.is_empty()).then(|| {
            Section::new("Which service costs what", &columns, self.services.iter().map(row).collect())
                .with_bars(bars)
        })
    }

    pub(super) fn effects(&self, effects: &[Effect]) -> Section {
        let shown = if self.is_whole { effects.len() } else { MATTER_MOST };
        let effects = &effects[..shown.min(effects.len())];
        let row = |effect: &Effect| {
            let input = effect.input;
            vec![
                input.flag(),
                input.unit.show(input.get(&self.plan.values)),
                usd(effect.lower),
                usd(effect.higher),
                self.inputs.origin(input).text(input.source),
            ]
        };
        let columns =
            [("input", false), ("value", true), ("-20 %", true), ("+20 %", true), ("value from", false)];
        let bars = effects.iter().map(Effect::range).collect();
        let title = "What matters most: cost a month with an input a fifth, or one, lower and higher";
        let rows = effects.iter().map(row).collect();
        Section { behind: 1, ..Section::new(title, &columns, rows).with_bars(bars) }
    }
}
