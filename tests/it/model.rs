//! The model of an entity: types, paths, conditions, keys, templates and shared tables.

mod attribute_order;
mod collections;
mod conditions;
mod conversions;
mod diagrams;
mod external;
mod hygiene;
mod in_key;
mod inspect;
mod inverted;
mod kept_apart;
mod key_forms;
mod other_forms;
mod paths;
mod properties;
mod rest;
mod serde_bridge;
mod shared_table;
mod single_table;
mod sparse;
mod stored_keys;
mod template_types;
mod templates;
mod tour;
mod types;
mod untyped_table;
