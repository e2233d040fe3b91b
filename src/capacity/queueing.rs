//! How long requests wait for a free core: M/M/c, corrected for bursts.
//!
//! Erlang's formulas are from A. K. Erlang (1917); the correction for arrivals and services that are not exponential is the
//! factor (c²a + c²s)/2 of Kingman and Allen-Cunneen. Batches arrive in bursts: without it the result is too good.

/// The probability that a request finds all of `servers` busy and is turned away, where `offered` of them are busy on
/// average (Erlang B).
fn blocking(servers: f64, offered: f64) -> f64 {
    (1..=servers as u32).fold(1.0, |blocking, server| {
        let busy = offered * blocking;
        busy / (f64::from(server) + busy)
    })
}

/// The probability that a request has to wait (Erlang C); 1 from full use on.
pub fn waiting(servers: f64, utilisation: f64) -> f64 {
    if utilisation >= 1.0 {
        return 1.0;
    }
    let blocking = blocking(servers, utilisation * servers);
    blocking / (1.0 - utilisation * (1.0 - blocking))
}

/// The mean time in the queue, in service times; without end from full use on.
pub fn mean_wait(servers: f64, utilisation: f64) -> f64 {
    if utilisation >= 1.0 {
        return f64::INFINITY;
    }
    waiting(servers, utilisation) / (servers * (1.0 - utilisation))
}

/// The time in the queue that a share of the requests, such as 0.99, does not exceed, in service times.
pub fn quantile_wait(servers: f64, utilisation: f64, share: f64) -> f64 {
    if utilisation >= 1.0 {
        return f64::INFINITY;
    }
    let exceeding = waiting(servers, utilisation) / (1.0 - share);
    exceeding.ln().max(0.0) / (servers * (1.0 - utilisation))
}

/// How much longer waits are than those of M/M/c, by the squared coefficients of variation of the times between arrivals
/// and of the service times.
pub fn burstiness(arrivals: f64, services: f64) -> f64 {
    (arrivals + services) / 2.0
}

/// Servers for `offered` busy ones by the square-root rule, with `beta` for how seldom a request may wait: 0.5 is often, 2
/// next to never.
pub fn square_root_staffing(offered: f64, beta: f64) -> f64 {
    (offered + beta * offered.sqrt()).ceil()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Servers, utilisation, probability to wait, mean wait in service times.
    const ORACLE: [(f64, f64, f64, f64); 7] = [
        (1.0, 0.7, 0.700, 2.333),
        (1.0, 0.9, 0.900, 9.0),
        (4.0, 0.7, 0.429, 0.357),
        (4.0, 0.9, 0.788, 1.969),
        (10.0, 0.7, 0.222, 0.074),
        (10.0, 0.9, 0.669, 0.669),
        (64.0, 0.9, 0.311, 0.049),
    ];

    #[test]
    fn erlang_c_is_as_tables_have_it() {
        for (servers, utilisation, probability, wait) in ORACLE {
            assert!((waiting(servers, utilisation) - probability).abs() < 5e-4, "{servers} {utilisation}");
            assert!((mean_wait(servers, utilisation) - wait).abs() < 5e-4, "{servers} {utilisation}");
        }
    }

    #[test]
    fn the_quantile_inverts_the_distribution_of_waits() {
        for (servers, utilisation, _, _) in ORACLE {
            let wait = quantile_wait(servers, utilisation, 0.99);
            let longer = waiting(servers, utilisation) * (-servers * (1.0 - utilisation) * wait).exp();
            assert!((longer - 0.01).abs() < 1e-9, "{servers} {utilisation}: {longer}");
        }
        // Hardly anybody waits at all.
        assert_eq!(quantile_wait(64.0, 0.1, 0.99), 0.0);
    }

    #[test]
    fn at_full_use_waiting_has_no_end() {
        assert_eq!(waiting(4.0, 1.0), 1.0);
        assert!(mean_wait(4.0, 1.0).is_infinite() && quantile_wait(4.0, 1.2, 0.99).is_infinite());
    }

    #[test]
    fn the_square_root_rule() {
        let servers = [0.5, 1.0, 1.5, 2.0].map(|beta| square_root_staffing(10.0, beta));
        assert_eq!(servers, [12.0, 14.0, 15.0, 17.0]);
    }

    #[test]
    fn exponential_times_need_no_correction() {
        assert_eq!(burstiness(1.0, 1.0), 1.0);
    }
}
