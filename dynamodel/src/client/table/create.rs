//! The CreateTable request of a schema.

use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    LocalSecondaryIndex, Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType,
    SseSpecification, SseType, StreamSpecification, StreamViewType, TableClass as SdkTableClass,
    Tag,
};

use crate::error::Error;
use crate::model::schema::{
    Billing, Encryption, IndexProjection, KeySchema, TableClass, TableSchema,
};

pub(super) fn request(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    schema: &TableSchema,
) -> Result<CreateTableFluentBuilder, Error> {
    let options = &schema.options;
    let mut request = client
        .create_table()
        .table_name(table)
        .set_attribute_definitions(Some(attribute_definitions(schema)?))
        .set_key_schema(Some(key_schema(&schema.key)?));
    request = match options.billing {
        Billing::OnDemand => request.billing_mode(BillingMode::PayPerRequest),
        Billing::Provisioned { .. } => request.billing_mode(BillingMode::Provisioned),
    };
    request = request.set_provisioned_throughput(throughput(options.billing)?);
    for index in schema.indexes {
        let (name, key) = (index.name, key_schema(&index.key)?);
        let projection = projection(index.projection);
        request = if index.local {
            let local = LocalSecondaryIndex::builder()
                .index_name(name)
                .set_key_schema(Some(key));
            request.local_secondary_indexes(
                local
                    .projection(projection)
                    .build()
                    .map_err(Error::construction)?,
            )
        } else {
            let global = GlobalSecondaryIndex::builder()
                .index_name(name)
                .set_key_schema(Some(key))
                .projection(projection)
                .set_provisioned_throughput(throughput(options.billing)?);
            request.global_secondary_indexes(global.build().map_err(Error::construction)?)
        };
    }
    if let Some(view) = options.stream {
        let view = StreamViewType::from(view.as_str());
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(view);
        request = request.stream_specification(stream.build().map_err(Error::construction)?);
    }
    if let Some(encryption) = options.encryption {
        let sse = SseSpecification::builder()
            .enabled(true)
            .sse_type(SseType::Kms);
        request = request.sse_specification(match encryption {
            Encryption::AwsManaged => sse.build(),
            Encryption::CustomerManaged(key) => sse.kms_master_key_id(key).build(),
        });
    }
    for (key, value) in options.tags {
        let tag = Tag::builder()
            .key(*key)
            .value(*value)
            .build()
            .map_err(Error::construction)?;
        request = request.tags(tag);
    }
    if options.deletion_protection {
        request = request.deletion_protection_enabled(true);
    }
    if let Some(class) = options.table_class {
        request = request.table_class(match class {
            TableClass::Standard => SdkTableClass::Standard,
            TableClass::StandardInfrequentAccess => SdkTableClass::StandardInfrequentAccess,
        });
    }
    Ok(request)
}

/// Returns the attributes of all keys, each once.
fn attribute_definitions(schema: &TableSchema) -> Result<Vec<AttributeDefinition>, Error> {
    let mut names: Vec<&'static str> = Vec::new();
    for key in std::iter::once(&schema.key).chain(schema.indexes.iter().map(|i| &i.key)) {
        for name in key.attributes() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let definition = |name: &'static str| {
        let kind = schema.key_kind(name);
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::from(kind))
            .build()
            .map_err(Error::construction)
    };
    names.into_iter().map(definition).collect()
}

fn key_schema(key: &KeySchema) -> Result<Vec<KeySchemaElement>, Error> {
    let element = |name: &&str, key_type: KeyType| {
        let element = KeySchemaElement::builder()
            .attribute_name(*name)
            .key_type(key_type);
        element.build().map_err(Error::construction)
    };
    let partition = key
        .partition
        .iter()
        .map(|name| element(name, KeyType::Hash));
    partition
        .chain(key.sort.iter().map(|name| element(name, KeyType::Range)))
        .collect()
}

fn projection(projection: IndexProjection) -> Projection {
    let builder = Projection::builder();
    match projection {
        IndexProjection::All => builder.projection_type(ProjectionType::All),
        IndexProjection::KeysOnly => builder.projection_type(ProjectionType::KeysOnly),
        IndexProjection::Include(names) => {
            let names = names.iter().map(|n| (*n).to_owned()).collect();
            builder
                .projection_type(ProjectionType::Include)
                .set_non_key_attributes(Some(names))
        }
    }
    .build()
}

fn throughput(billing: Billing) -> Result<Option<ProvisionedThroughput>, Error> {
    let Billing::Provisioned { read, write } = billing else {
        return Ok(None);
    };
    ProvisionedThroughput::builder()
        .read_capacity_units(read.into())
        .write_capacity_units(write.into())
        .build()
        .map(Some)
        .map_err(Error::construction)
}
