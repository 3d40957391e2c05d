//! The parameters of endpoint resolution, as the SDK's operations set them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_dynamodb::config::endpoint::{Params, ParamsBuilder};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::endpoint::EndpointResolverParams;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::{CapturedTelemetryAttributes, RequestedTelemetryAttributes};
use aws_types::endpoint_config::{AccountIdEndpointMode, EndpointUrl, UseDualStack, UseFips};
use aws_types::region::Region;

use super::Tables;
use super::orchestrator::RawInput;

/// Past this many tables, parameters are built for each call instead of being remembered.
const REMEMBERED_TABLES: usize = 256;

/// Stores the endpoint parameters of each call; those of single tables are kept for the next one.
#[derive(Debug, Default)]
pub(super) struct EndpointParams {
    tables: RwLock<HashMap<Arc<str>, Params>>,
}

#[dyn_dispatch_hint]
impl Intercept for EndpointParams {
    fn name(&self) -> &'static str {
        "dynamodel::EndpointParams"
    }

    fn read_before_execution(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input().downcast_ref::<RawInput>();
        let tables = &input.ok_or("the input is not dynamodel's")?.tables;
        let params = match tables {
            Tables::One(table) => self.of_table(table, cfg)?,
            Tables::Many(tables) => {
                let tables: Vec<_> = tables.iter().map(|table| table.to_string()).collect();
                builder(cfg).resource_arn_list(tables).build()?
            }
        };
        if let Tables::One(table) = tables {
            capture_table_name(table, cfg);
        }
        let params = EndpointResolverParams::new(params);
        cfg.interceptor_state().store_put(params);
        Ok(())
    }
}

impl EndpointParams {
    fn of_table(&self, table: &Arc<str>, cfg: &ConfigBag) -> Result<Params, BoxError> {
        {
            let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(params) = tables.get(table).filter(|known| is_current(known, cfg)) {
                return Ok(params.clone());
            }
        }
        if table.trim().is_empty() {
            return Err("the table name is empty".into());
        }
        let params = builder(cfg).resource_arn(table.to_string()).build()?;
        let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        if tables.len() < REMEMBERED_TABLES || tables.contains_key(table) {
            tables.insert(table.clone(), params.clone());
        }
        Ok(params)
    }
}

/// The client's part of the parameters.
fn builder(cfg: &ConfigBag) -> ParamsBuilder {
    let mode = cfg.load::<AccountIdEndpointMode>().cloned();
    Params::builder()
        .set_region(
            cfg.load::<Region>()
                .map(|region| region.as_ref().to_owned()),
        )
        .set_use_dual_stack(cfg.load::<UseDualStack>().map(|dual_stack| dual_stack.0))
        .set_use_fips(cfg.load::<UseFips>().map(|fips| fips.0))
        .set_endpoint(cfg.load::<EndpointUrl>().map(|url| url.0.clone()))
        .set_account_id_endpoint_mode(Some(mode.unwrap_or_default().to_string()))
}

/// `true` if remembered parameters still say what the configuration says. The configuration is the
/// client's and does not change, except that an interceptor may set any part of it for a single call.
fn is_current(known: &Params, cfg: &ConfigBag) -> bool {
    let mode = match cfg.load::<AccountIdEndpointMode>() {
        None | Some(AccountIdEndpointMode::Preferred) => "preferred",
        Some(AccountIdEndpointMode::Disabled) => "disabled",
        Some(AccountIdEndpointMode::Required) => "required",
        Some(_) => return false,
    };
    known.region() == cfg.load::<Region>().map(AsRef::as_ref)
        && known.use_dual_stack().unwrap_or_default()
            == cfg
                .load::<UseDualStack>()
                .is_some_and(|dual_stack| dual_stack.0)
        && known.use_fips().unwrap_or_default() == cfg.load::<UseFips>().is_some_and(|fips| fips.0)
        && known.endpoint() == cfg.load::<EndpointUrl>().map(|url| url.0.as_str())
        && known.account_id_endpoint_mode() == Some(mode)
}

/// The table's name for the SDK's metrics, when the client asks for it.
fn capture_table_name(table: &str, cfg: &mut ConfigBag) {
    let requested = cfg.load::<RequestedTelemetryAttributes>();
    if requested.is_some_and(|requested| requested.should_capture("TableName")) {
        let mut captured = CapturedTelemetryAttributes::default();
        captured.insert("TableName", table);
        cfg.interceptor_state().store_put(captured);
    }
}
