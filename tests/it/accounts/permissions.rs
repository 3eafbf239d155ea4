//! Permissions: every route for every actor and every permission.

use reqwest::Method;
use serde_json::json;
use stockroom::auth::{Permission, Verb};
use stockroom::kind::Kind;

use crate::support::actors::{Actor, send};
use crate::support::gateway::Gateway;
use crate::support::response::{BAD_TOKEN, FORBIDDEN, NO_TOKEN, NOT_FOUND};
use crate::support::samples::{MOVEMENTS, Sample, list};

on_both_databases_and_apis![
    every_route_checks_the_permissions_of_every_actor,
    each_permission_allows_its_own_action_only,
    permissions_are_checked_before_existence_and_body,
    public_routes_need_no_token,
    an_invalid_token_is_rejected_by_every_collection,
];

/// Attempts an action on the sample's row of a kind, or creates another; returns the status.
async fn attempt(actor: &Actor, sample: &Sample, kind: Kind, verb: Verb) -> u16 {
    let is_movement = MOVEMENTS.contains(&kind);
    if kind == Kind::Webhook {
        // One permission covers all webhook routes; `endpoint_routes.rs` tests each of them.
        return actor.get(&list(kind)).await.status;
    }
    match verb {
        Verb::Add => actor.post(&list(kind), sample.body(kind)).await.status,
        Verb::Change if is_movement => actor.patch(&sample.path(kind), json!({})).await.status,
        Verb::Change => {
            let status = actor.patch(&sample.path(kind), json!({})).await.status;
            assert_eq!(actor.put(&sample.path(kind), json!({})).await.status, status);
            status
        }
        Verb::Delete => actor.delete(&sample.path(kind)).await.status,
    }
}

async fn every_route_checks_the_permissions_of_every_actor(gateway: Gateway) {
    for actor in gateway.all_actors() {
        for kind in Kind::ALL {
            let sample = Sample::create(&gateway.root).await;
            let expected = |verb: Verb| match (actor.name, verb) {
                (_, Verb::Change) if MOVEMENTS.contains(&kind) => 405,
                ("anon", _) => 401,
                ("viewer", _) | ("manager", Verb::Delete) => 403,
                (_, Verb::Add) => 201,
                (_, Verb::Change) => 200,
                // Movements refer to these rows.
                (_, Verb::Delete) if !MOVEMENTS.contains(&kind) => 409,
                (_, Verb::Delete) => 204,
            };
            for verb in Verb::ALL {
                let status = attempt(actor, &sample, kind, verb).await;
                assert_eq!(status, expected(verb), "{} {verb:?} {kind:?}", actor.name);
            }
            let read_status = if actor.name == "anon" { 401 } else { 200 };
            let outflow = gateway.root.make(Kind::Outflow, sample.body(Kind::Outflow)).await;
            let inflow = gateway.root.make(Kind::Inflow, sample.body(Kind::Inflow)).await;
            let sample = Sample {
                inflow,
                outflow,
                ..sample
            };
            for path in [list(kind), sample.path(kind)] {
                for method in [Method::GET, Method::HEAD] {
                    let response = send(actor.request(method, &path)).await;
                    assert_eq!(response.status, read_status, "{} {path}", actor.name);
                }
            }
        }
    }
}

async fn each_permission_allows_its_own_action_only(gateway: Gateway) {
    const VIEWER: i64 = 4;
    for granted in Permission::all() {
        let sample = Sample::create(&gateway.root).await;
        let codename = granted.codename();
        let grant = format!("INSERT INTO permission (user_id, codename) VALUES ({VIEWER}, '{codename}')");
        gateway.sql(grant).await.unwrap();
        for required in Permission::all() {
            let Permission(verb, kind) = required;
            if verb == Verb::Change && MOVEMENTS.contains(&kind) {
                continue;
            }
            let status = attempt(&gateway.viewer, &sample, kind, verb).await;
            assert_eq!(
                status != 403,
                granted == required,
                "{required:?} with {granted:?}: {status}"
            );
        }
        // Revoking the permission takes effect at once for the same token.
        gateway
            .sql(format!("DELETE FROM permission WHERE user_id = {VIEWER}"))
            .await
            .unwrap();
        let Permission(verb, kind) = granted;
        let status_without_permission = if verb == Verb::Change && MOVEMENTS.contains(&kind) {
            405
        } else {
            403
        };
        assert_eq!(
            attempt(&gateway.viewer, &sample, kind, verb).await,
            status_without_permission,
            "{granted:?}"
        );
    }
}

async fn permissions_are_checked_before_existence_and_body(gateway: Gateway) {
    for kind in Kind::ALL {
        let (all, missing) = (list(kind), format!("{}/999999/", kind.plural()));
        gateway
            .anon
            .raw(Method::POST, &all, "no JSON")
            .await
            .expect_body(401, NO_TOKEN);
        gateway
            .viewer
            .raw(Method::POST, &all, "no JSON")
            .await
            .expect_body(403, FORBIDDEN);
        gateway.root.raw(Method::POST, &all, "no JSON").await.expect(400);
        gateway.anon.delete(&missing).await.expect_body(401, NO_TOKEN);
        gateway.viewer.delete(&missing).await.expect_body(403, FORBIDDEN);
        gateway.manager.delete(&missing).await.expect_body(403, FORBIDDEN);
        gateway.root.delete(&missing).await.expect_body(404, NOT_FOUND);
        if MOVEMENTS.contains(&kind) {
            gateway
                .anon
                .raw(Method::PATCH, &missing, "no JSON")
                .await
                .expect(405);
            continue;
        }
        for method in [Method::PUT, Method::PATCH] {
            gateway
                .anon
                .raw(method.clone(), &missing, "no JSON")
                .await
                .expect_body(401, NO_TOKEN);
            gateway
                .viewer
                .raw(method.clone(), &missing, "no JSON")
                .await
                .expect_body(403, FORBIDDEN);
            gateway
                .root
                .raw(method.clone(), &missing, "no JSON")
                .await
                .expect_body(404, NOT_FOUND);
        }
    }
}

async fn public_routes_need_no_token(gateway: Gateway) {
    let anon = &gateway.anon;
    anon.get("").await.expect(200);
    anon.get("openapi.json").await.expect(200);
    for route in ["token/", "token/refresh/", "token/verify/", "logout/"] {
        // 422: the body was validated, so no token was required.
        anon.post(&format!("authentication/{route}"), json!({}))
            .await
            .expect(422);
    }
    for kind in Kind::ALL {
        for path in [list(kind), format!("{}/1/", kind.plural())] {
            let response = send(anon.request(Method::OPTIONS, &path)).await;
            assert!(
                matches!(response.status, 200 | 204),
                "{path}: {}",
                response.status
            );
        }
    }
    // An invalid token is ignored.
    let with_invalid_token = gateway.with_token("no.good.token");
    with_invalid_token.get("").await.expect(200);
    with_invalid_token.get("openapi.json").await.expect(200);
    with_invalid_token
        .post("authentication/token/", json!({}))
        .await
        .expect(422);
}

async fn an_invalid_token_is_rejected_by_every_collection(gateway: Gateway) {
    let with_invalid_token = gateway.with_token("no.good.token");
    for kind in Kind::ALL {
        let path = format!("{}/1/", kind.plural());
        with_invalid_token
            .get(&list(kind))
            .await
            .expect_body(401, BAD_TOKEN);
        with_invalid_token
            .post(&list(kind), json!({}))
            .await
            .expect_body(401, BAD_TOKEN);
        with_invalid_token.get(&path).await.expect_body(401, BAD_TOKEN);
        with_invalid_token.delete(&path).await.expect_body(401, BAD_TOKEN);
    }
}
