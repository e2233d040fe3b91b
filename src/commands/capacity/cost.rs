//! `obs capacity cost`.

use anyhow::anyhow;
use clap::Args;
use serde_json::{Value, json};

use super::super::gauges;
use super::super::query::SourceArgs;
use super::super::report_args::FormatArgs;
use super::super::time_args::{NowArgs, utc};
use super::price_args::PriceArgs;
use crate::capacity::{Aging, Configured, Held, Holdings, Prices, Tier, Unit};
use crate::config::{Config, Storage};
use crate::error::{CommandError, Outcome};
use crate::otlp::Batch;
use crate::store::Contents;
use crate::ui::table::{Format, Table};

const EXAMPLES: &str = "\
Examples:
  obs capacity cost
  obs capacity cost --db obs.db --price hot=disk_nvme
  obs capacity cost --config production.yaml --prices our-prices.yaml --format json
  obs capacity cost --format otlp | obs relay --to http://gateway:4317";

const DETAILS: &str = "\
What it costs a month to keep what is stored now, of all signals: its bytes at the price of the storage that its tier is \
on, without requests, reading and traffic. obs store keeps everything in one file, which is the hot tier. Where the \
configuration has storage.hot.retention_days, what is older counts as warm, if there is a section storage.warm, for \
storage.warm.retention_days more, and then as cold, if there is storage.cold. A segment is as old as its last item; its \
bytes are shared out by the items of services in it, and what the file has beside segments by the bytes of services.

The metrics of --format otlp are otlp_storage_cost_usd and otlp_storage_size_gb (GiB, as storage is paid for) by tier, and \
otlp_service_cost_usd by service_name.";

/// Arguments of `obs capacity cost`.
#[derive(Debug, Args)]
#[command(before_help = EXAMPLES, after_help = DETAILS)]
pub(super) struct CostArgs {
    #[command(flatten)]
    format: FormatArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    prices: PriceArgs,
    #[command(flatten)]
    now: NowArgs,
}

/// What there is and what it costs.
struct Costs {
    holdings: Holdings,
    prices: Prices,
    tiers: [f64; 3],
}

impl CostArgs {
    pub(super) fn run(&self, config: &Config) -> Result<Outcome, CommandError> {
        let configured: Configured = config.section()?;
        let prices = self.prices.prices(configured.prices.as_deref())?;
        let aging = aging(&config.section()?)?;
        let data = self.source.open(config, Contents::All)?;
        let name = data.reader.name();
        let now_ns = self.now.ns();
        let holdings = Holdings::of(&data.reader.database(), &aging, now_ns)?;
        let holdings = holdings.ok_or_else(|| {
            CommandError::failure(anyhow!("{name} holds nothing"))
                .hint("obs store fills it; obs capacity --spans N says what it would cost")
        })?;
        let costs = Costs { tiers: holdings.cost(&prices), holdings, prices };
        let overhead = Unit::Bytes.show(costs.holdings.overhead_bytes.max(1.0));
        tracing::info!("the hot tier has {overhead} beside segments: rollups, indexes and free pages");
        let table = costs.table(self.format.format(), &name, now_ns);
        let lists =
            ["tiers", "services"].map(|list| table.json[list].as_array().cloned().unwrap_or_default());
        self.format.print_with(&table, &lists.concat(), || costs.metrics(now_ns))?;
        Ok(data.outcome())
    }
}

/// Which tiers the configuration has.
fn aging(storage: &Storage) -> Result<Aging, CommandError> {
    let tiers = [("hot", &storage.hot), ("warm", &storage.warm), ("cold", &storage.cold)];
    for (name, tier) in tiers {
        let days = tier.as_ref().and_then(|tier| tier.retention_days);
        if let Some(days) = days.filter(|days| !Unit::Days.holds(*days)) {
            let what = format!("storage.{name}.retention_days: expected days of zero or more, found {days}");
            return Err(CommandError::usage(anyhow!(what)));
        }
    }
    let [hot, warm, cold] = tiers.map(|(_, tier)| tier.as_ref().map(|tier| tier.retention_days));
    Ok(Aging::new(hot.flatten(), [warm, cold]))
}

impl Costs {
    fn table(&self, format: Format, name: &str, now_ns: i64) -> Table {
        let holdings = &self.holdings;
        let row = |[tier, service, class]: [&str; 3], held: Held, usd: f64| {
            let cells = match format {
                Format::Table => {
                    [format!("{:.0}", held.items), Unit::Bytes.show(held.bytes), Unit::Usd.show(usd)]
                }
                _ => [held.items.to_string(), held.bytes.round().to_string(), usd.to_string()],
            };
            [tier, service, class].map(str::to_owned).into_iter().chain(cells).collect()
        };
        let (mut rows, mut tiers, mut services): (Vec<Vec<String>>, Vec<Value>, Vec<Value>) =
            Default::default();
        for (tier, held, usd) in self.tiers() {
            let class = self.prices.class(tier).0;
            rows.push(row([tier.name(), "", class], held, usd));
            tiers.push(json!({
                "tier": tier.name(), "class": class, "items": held.items as u64, "bytes": held.bytes.round() as u64,
                "gib": held.gib(), "cost_usd": usd,
            }));
        }
        for service in &holdings.services {
            let (held, usd) = (service.all(), holdings.service_cost(service, self.tiers));
            rows.push(row(["", &service.name, ""], held, usd));
            services.push(json!({
                "service": service.name, "items": held.items as u64, "bytes": held.bytes.round() as u64,
                "gib": held.gib(), "cost_usd": usd,
            }));
        }
        let json = json!({
            "schema": "obs.capacity.cost/1",
            "database": name,
            "time": utc(now_ns.max(0) as u64),
            "file_bytes": holdings.file_bytes as u64,
            "overhead_bytes": holdings.overhead_bytes as u64,
            "cost_usd": self.tiers.iter().sum::<f64>(),
            "tiers": tiers,
            "services": services,
            "prices": self.prices_json(),
        });
        let columns = &[
            ("tier", false),
            ("service", false),
            ("storage", false),
            ("items", true),
            ("bytes", true),
            ("cost a month", true),
        ];
        Table { columns, rows, json }
    }

    fn tiers(&self) -> impl Iterator<Item = (Tier, Held, f64)> {
        Tier::ALL
            .map(|tier| (tier, self.holdings.tiers[tier as usize], self.tiers[tier as usize]))
            .into_iter()
    }

    /// The prices that were used.
    fn prices_json(&self) -> Value {
        let mut used: Vec<&str> = Tier::ALL.iter().map(|tier| self.prices.class(*tier).0).collect();
        used.sort_unstable();
        used.dedup();
        let price = |key: &str| {
            let mut price = serde_json::to_value(self.prices.get(key)?).ok()?;
            price["key"] = key.into();
            Some(price)
        };
        used.into_iter().filter_map(price).collect()
    }

    /// The metrics that a dashboard of costs looks for. Their units are annotations, which become no part of their names.
    fn metrics(&self, now_ns: i64) -> Result<Batch, CommandError> {
        let time = now_ns.max(0).to_string();
        let gauge = |name: &str, unit: &str, description: &str, key: &str, points: Vec<(&str, f64)>| {
            let point = |(value, number): (&str, f64)| {
                json!({
                    "attributes": [{"key": key, "value": {"stringValue": value}}],
                    "timeUnixNano": time,
                    "asDouble": number,
                })
            };
            let points: Vec<Value> = points.into_iter().map(point).collect();
            json!({"name": name, "unit": unit, "description": description, "gauge": {"dataPoints": points}})
        };
        let by_tier = |of: fn(Held, f64) -> f64| {
            self.tiers().map(|(tier, held, usd)| (tier.name(), of(held, usd))).collect()
        };
        let services = self.holdings.services.iter();
        let by_service =
            services.map(|service| (service.name.as_str(), self.holdings.service_cost(service, self.tiers)));
        gauges::batch(vec![
            gauge(
                "otlp_storage_cost_usd",
                "{USD}",
                "What a month of the tier costs in US dollars.",
                "tier",
                by_tier(|_, usd| usd),
            ),
            gauge(
                "otlp_storage_size_gb",
                "{GiB}",
                "What is in the tier, in GiB: 2^30 bytes, as storage is paid for.",
                "tier",
                by_tier(|held, _| held.gib()),
            ),
            gauge(
                "otlp_service_cost_usd",
                "{USD}",
                "What a month of the service costs in US dollars.",
                "service_name",
                by_service.collect(),
            ),
        ])
    }
}
