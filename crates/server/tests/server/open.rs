//! A server that others than its machine reach.

use std::net::SocketAddr;

use server::ServerSettings;

use crate::stand::Stand;

/// Everywhere, at a port that the system chooses.
const EVERYWHERE: &str = "0.0.0.0:0";

fn stand(settings: ServerSettings) -> Stand {
    let listen: SocketAddr = EVERYWHERE.parse().unwrap();
    Stand::start_with(ServerSettings { listen, ..settings })
}

#[test]
fn numbers_are_told_to_this_machine_or_for_the_token() {
    let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let here = stand(ServerSettings { trusted_proxies, ..ServerSettings::default() });
    assert_eq!(here.get("/metrics", &[]).status, 200);
    assert_eq!(here.get("/metrics", &[("x-forwarded-for", "192.0.2.7")]).status, 401);

    let metrics_token = Some("a-token".to_owned());
    let stand = stand(ServerSettings { metrics_token, ..ServerSettings::default() });
    assert_eq!(stand.get("/metrics", &[]).status, 401);
    assert_eq!(stand.get("/metrics", &[("authorization", "Bearer a-tokem")]).status, 401);
    assert_eq!(stand.get("/metrics", &[("authorization", "Bearer a-token")]).status, 200);
}

#[test]
fn behind_a_trusted_proxy_a_guesser_waits_alone() {
    let guess = |stand: &Stand, from: &str| {
        let body = r#"{"UserName": "admin", "Password": "a guess of mine"}"#;
        stand.ask("natlens/SignIn", body, &[("x-forwarded-for", from)]).status
    };
    let trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let trusting = stand(ServerSettings { trusted_proxies, ..ServerSettings::default() });
    let plain = stand(ServerSettings::default());
    for _ in 0..6 {
        guess(&trusting, "192.0.2.7");
        guess(&plain, "192.0.2.7");
    }
    assert_eq!(guess(&trusting, "192.0.2.7"), 429);
    assert_ne!(guess(&trusting, "192.0.2.8"), 429);
    assert_eq!(guess(&plain, "192.0.2.8"), 429, "nobody believes the header");
}
