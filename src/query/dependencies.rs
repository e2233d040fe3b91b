//! Which services call which.

use std::collections::{BTreeMap, BTreeSet};

use super::rollups::{Figures, Service, services};
use crate::error::CommandError;
use crate::store::{Database, EdgeName, Minutes};

/// A service that calls another, or itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Who calls whom.
    pub name: EdgeName,
    /// Of the calls, as the caller saw them.
    pub figures: Figures,
}

/// Services and the calls between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dependencies {
    /// By name; with their figures where they had spans of their own in the range of time.
    pub services: BTreeMap<String, Option<Service>>,
    /// By caller and callee.
    pub edges: Vec<Edge>,
}

impl Dependencies {
    /// Those of a range of time, with services that call nobody and are not called.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read(database: &Database, range: Minutes) -> Result<Dependencies, CommandError> {
        let services = services(database, range)?;
        let services = services.into_iter().map(|service| (service.name.clone(), Some(service))).collect();
        let mut dependencies = Dependencies { services, edges: edges(database, range)? };
        for Edge { name: EdgeName { caller, callee }, .. } in &dependencies.edges {
            dependencies.services.entry(caller.clone()).or_default();
            dependencies.services.entry(callee.clone()).or_default();
        }
        Ok(dependencies)
    }

    /// Leaves those that are within so many calls of a service, up or down.
    pub fn near(mut self, service: &str, depth: u32) -> Dependencies {
        let mut near: BTreeSet<&str> = BTreeSet::from([service]);
        let mut kept = vec![false; self.edges.len()];
        for _ in 0..depth {
            let mut next = near.clone();
            for (edge, kept) in self.edges.iter().zip(&mut kept) {
                let EdgeName { caller, callee } = &edge.name;
                if near.contains(caller.as_str()) || near.contains(callee.as_str()) {
                    *kept = true;
                    next.extend([caller.as_str(), callee.as_str()]);
                }
            }
            if next.len() == near.len() {
                break;
            }
            near = next;
        }
        let near: BTreeSet<String> = near.into_iter().map(str::to_owned).collect();
        let mut kept = kept.into_iter();
        self.edges.retain(|_| kept.next().unwrap_or_default());
        self.services.retain(|name, _| near.contains(name));
        self
    }
}

fn edges(database: &Database, range: Minutes) -> Result<Vec<Edge>, CommandError> {
    let mut edges: Vec<Edge> = database
        .edge_totals(range)?
        .into_iter()
        .map(|(name, total)| Edge { name, figures: Figures::of(&total) })
        .collect();
    edges.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependencies(pairs: &[(&str, &str)]) -> Dependencies {
        let edge = |(caller, callee): &(&str, &str)| Edge {
            name: EdgeName { caller: (*caller).into(), callee: (*callee).into() },
            figures: Figures::default(),
        };
        let services = pairs.iter().flat_map(|(caller, callee)| [*caller, *callee]);
        Dependencies {
            services: services.chain(["alone"]).map(|name| (name.to_owned(), None)).collect(),
            edges: pairs.iter().map(edge).collect(),
        }
    }

    #[test]
    fn only_what_is_near_is_left() {
        let all = dependencies(&[("a", "b"), ("b", "b"), ("b", "c"), ("c", "d"), ("x", "c")]);
        let near = |service, depth| {
            let near = all.clone().near(service, depth);
            let edges = near.edges.iter().map(|edge| format!("{}{}", edge.name.caller, edge.name.callee));
            (edges.collect::<Vec<_>>().join(" "), near.services.into_keys().collect::<String>())
        };
        assert_eq!(near("b", 1), ("ab bb bc".into(), "abc".into()));
        assert_eq!(near("b", 2), ("ab bb bc cd xc".into(), "abcdx".into()));
        assert_eq!(near("d", 1), ("cd".into(), "cd".into()));
        assert_eq!(near("d", 9), ("ab bb bc cd xc".into(), "abcdx".into()));
        assert_eq!(near("alone", 3), (String::new(), "alone".into()));
    }
}
