//! Snapshots of expansions, one per feature, and the messages of mistakes.

mod messages;

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand;

/// The expansion, formatted.
fn formatted(expansion: TokenStream) -> String {
    let file = syn::parse2::<syn::File>(expansion.clone());
    file.map_or_else(
        |e| format!("{e}\n{expansion}"),
        |file| prettyplease::unparse(&file),
    )
}

/// Asserts that an expansion has at most `ceiling` lines, and not many fewer, so that the ceiling is
/// lowered when the expansion shrinks: every line is compiled with each struct.
#[track_caller]
fn assert_lines(expansion: TokenStream, ceiling: usize) {
    let lines = formatted(expansion).lines().count();
    assert!(
        lines <= ceiling && lines + 20 > ceiling,
        "{lines} lines; the recorded ceiling is {ceiling}"
    );
}

#[test]
fn entity_of_three_fields_expands_to_at_most_200_lines() {
    assert_lines(
        expand::entity(quote! {
            #[dynamo(table = "users")]
            struct User { #[dynamo(partition)] id: String, name: String, age: u32 }
        }),
        190,
    );
}

#[test]
fn entity_of_ten_fields_expands_to_recorded_lines() {
    assert_lines(
        expand::entity(quote! {
            #[dynamo(table = "things")]
            pub struct Thing {
                #[dynamo(partition)]
                pub pk: String,
                #[dynamo(sort)]
                pub sk: String,
                pub name: String,
                pub email: String,
                pub views: u64,
                pub balance: i64,
                pub active: bool,
                pub note: Option<String>,
                pub tags: Vec<String>,
                pub expires_at: u64,
            }
        }),
        390,
    );
}

#[test]
fn session_expands_to_at_most_900_lines() {
    assert_lines(expand::entity(session()), 820);
}

/// The entity of the tour, with indexes of all kinds.
fn session() -> TokenStream {
    quote! {
        #[dynamo(table = "sessions")]
        #[dynamo(index(by_token, partition = auth_token))]
        #[dynamo(index(by_device, partition = (tenant, device), sort = (last_accessed), project = [user_agent]))]
        #[dynamo(local_index(by_activity, sort = last_accessed))]
        pub struct Session {
            #[dynamo(partition)]
            pub user_id: String,
            #[dynamo(sort)]
            pub session_id: String,
            /// Secret.
            #[dynamo(rename = "Token")]
            pub auth_token: String,
            pub tenant: String,
            pub device: Device,
            pub last_accessed: u64,
            pub user_agent: Option<String>,
            pub tags: BTreeSet<String>,
            pub views: u64,
            pub data: SessionData,
            #[dynamo(ttl)]
            pub expires_at: u64,
            #[dynamo(version)]
            pub version: u64,
            #[dynamo(skip)]
            pub cached: u32,
        }
    }
}

macro_rules! snapshot {
    ($name:ident, $derive:ident, $($input:tt)*) => {
        #[test]
        fn $name() {
            insta::assert_snapshot!(formatted(expand::$derive(quote!($($input)*))));
        }
    };
}

snapshot! { minimal, entity,
    #[dynamo(table = "users")]
    struct User { #[dynamo(partition)] id: String, name: String, age: u32 }
}

snapshot! { unique, entity,
    #[dynamo(table = "users")]
    struct User {
        #[dynamo(partition)]
        id: String,
        #[dynamo(unique, rename = "Mail")]
        email: Option<String>,
    }
}

snapshot! { sharded, entity,
    #[dynamo(table = "orders")]
    #[dynamo(index(by_status, partition = status, sort = placed_at, shards = 16))]
    struct Order { #[dynamo(partition)] id: String, status: String, placed_at: u64 }
}

#[test]
fn session_expands_to_snapshot() {
    insta::assert_snapshot!("session", formatted(expand::entity(session())));
}

snapshot! { partial, entity,
    #[dynamo(table = "users", partial)]
    struct User {
        #[dynamo(partition)] id: String,
        nick: Option<String>,
        #[dynamo(ttl)] until: u64,
    }
}

snapshot! { multi_part_index_key, entity,
    #[dynamo(table = "games")]
    #[dynamo(index(by_place, partition = (country, city), sort = (day, hour, id), project = keys, name = "place"))]
    struct Game { #[dynamo(partition)] id: u64, country: String, city: String, day: u32, hour: u32 }
}

snapshot! { table_options, entity,
    #[dynamo(table = "audit", billing = provisioned(read = 5, write = 6), stream = new_and_old_images)]
    #[dynamo(encryption = "alias/audit", tags(team = "web", "cost-center" = "42"), deletion_protection)]
    #[dynamo(point_in_time_recovery, table_class = infrequent_access, rename_fn(get = "find", query = "of_day"))]
    struct Audit { #[dynamo(partition)] day: u32 }
}

snapshot! { shared_table, table,
    #[dynamo(name = "app", partition = "pk", sort = "sk", ttl = "expires")]
    #[dynamo(index(gsi1, partition = "gsi1pk", sort = "gsi1sk"), local_index(lsi1, sort = "lsi1sk"))]
    pub struct App;
}

snapshot! { templates, entity,
    #[dynamo(table = App, key(partition = "USER#{user_id}", sort = "ORDER#{placed_at}#{order_id}"))]
    #[dynamo(index(gsi1 as by_status, partition = "STATUS#{status}", sort = "{priority}#{address.zip}"))]
    pub struct Order {
        user_id: String,
        placed_at: u64,
        order_id: String,
        status: Option<Status>,
        priority: u8,
        address: Address,
    }
}

snapshot! { collection_enum, collection, enum Item { User(User), Order(super::Order) } }

snapshot! { collection_struct, collection,
    pub struct Account { user: User, address: Option<Address>, orders: Vec<Order> }
}

snapshot! { library_written_fields, entity,
    #[dynamo(table = "notes")]
    struct Note {
        #[dynamo(partition)] id: u64,
        #[dynamo(created_at)] created: SystemTime,
        #[dynamo(updated_at)] updated: SystemTime,
        #[dynamo(write_token)] token: u128,
    }
}

snapshot! { renames, entity,
    #[dynamo(table = "people", rename_all = "PascalCase")]
    struct Person { #[dynamo(partition)] person_id: u64, #[dynamo(rename = "quo\"te\\")] odd: String, r#type: String }
}

snapshot! { generics, entity,
    #[dynamo(table = "envelopes")]
    #[dynamo(index(by_sender, partition = sender))]
    pub(crate) struct Envelope<T: Clone = String, const N: usize = 3> where T: PartialEq {
        #[dynamo(partition)] id: u64,
        sender: String,
        payload: Vec<T>,
        next: Option<Box<Self>>,
    }
}

snapshot! { shadowed_names, entity,
    #[dynamo(table = "odd")]
    struct Odd { #[dynamo(partition)] u64: u64, String: String, item: std::string::String }
}

snapshot! { stored_forms, entity,
    #[dynamo(table = "forms", crate = my::dynamo)]
    struct Forms {
        #[dynamo(partition, with = hex, kind = S)] id: Id,
        #[dynamo(from = String, into = String)] url: Url,
        #[dynamo(try_from = "u64", into = u64)] wrong: Size,
        #[dynamo(default)] count: u32,
        #[dynamo(default = 5 * 3, with = ::other::secs)] limit: Duration,
        #[dynamo(skip, default = Cache::new())] cache: Cache,
        #[dynamo(serde, kind = M)] address: Option<Address>,
    }
}

snapshot! { rest, entity,
    #[dynamo(table = "tenants")]
    struct Tenant { #[dynamo(partition)] id: String, #[dynamo(rest)] others: HashMap<String, AttributeValue> }
}

snapshot! { rest_of_document, document,
    #[dynamo(tag = "kind")]
    enum Plan { Free, Paid { price: u32, #[dynamo(rest)] more: Rest }, Partner(Partner) }
}

snapshot! { document, document,
    /// A line of the cart.
    #[dynamo(rename_all = "camelCase")]
    pub struct CartLine {
        /// The article.
        pub sku_code: String,
        #[dynamo(default = 1)] pub quantity: u32,
        #[dynamo(skip)] cached: bool,
    }
}

snapshot! { empty_document, document, struct Nothing {} }

snapshot! { unit_enum, document,
    #[dynamo(rename_all = "snake_case")]
    enum Device { Mobile, DesktopPc, #[dynamo(rename = "tv")] Television }
}

snapshot! { data_enum, document,
    #[dynamo(tag = "kind")]
    enum Shape { Empty, Circle { radius: u32 }, Path(Points), #[dynamo(rename_all = "camelCase")] Box { side_a: u32, #[dynamo(with = feet)] side_b: f64, #[dynamo(skip)] area: u64 } }
}

snapshot! { transparent, document, #[dynamo(transparent)] struct UserId(String, #[dynamo(skip)] Cache); }

snapshot! { converted, document, #[dynamo(try_from = String, into = String)] struct Email { user: String, host: String } }

snapshot! { projection, projection,
    #[dynamo(of = Session)]
    pub struct SessionSummary { pub user_id: String, #[dynamo(default = 7)] pub last_accessed: u64 }
}

snapshot! { borrowing_projection, projection,
    #[dynamo(of = Session)]
    pub struct SessionView<'a> {
        pub user_id: &'a str,
        pub last_accessed: u64,
        #[dynamo(default)] pub tags: BTreeSet<&'a str>,
        pub data: DataView<'a>,
    }
}

snapshot! { borrowing_collection, projection,
    #[dynamo(of = Item)]
    pub enum ItemView<'a> { User(UserView<'a>), Order(super::OrderView<'a>) }
}
