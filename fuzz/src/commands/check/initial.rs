//! What is there before the first operation.

use super::super::Failure;
use super::Model;
use serde_json::Value as Json;
use std::sync::Arc;
use zab_checker::model::register::Value;
use zab_checker::model::znode::Tree;
use zab_checker::record::Names;

/// What `--initial` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Initial {
    /// For registers.
    pub(super) value: Option<Value>,
    /// For znodes.
    pub(super) tree: Arc<Tree>,
}

impl Initial {
    pub(super) fn new(
        text: Option<&str>,
        model: Model,
        names: &mut Names,
    ) -> Result<Self, Failure> {
        let Some(text) = text else { return Ok(Self::default()) };
        match model {
            Model::Register | Model::CasRegister | Model::Kv => {
                let value = serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
                Ok(Self { value: Some(value_of(&value, names)), ..Self::default() })
            }
            Model::Zookeeper => {
                let paths = match serde_json::from_str(text) {
                    Ok(Json::Object(paths)) => paths,
                    _ => return Err(Failure::usage(EXPECTED)),
                };
                let mut tree = Tree::bare();
                for (path, data) in paths {
                    if !path.starts_with('/') {
                        return Err(Failure::usage(EXPECTED));
                    }
                    tree.insert(&path, value_of(&data, names));
                }
                Ok(Self { value: None, tree: Arc::new(tree) })
            }
            Model::Append | Model::Mutex => {
                Err(Failure::usage("--initial is for registers and zookeeper"))
            }
        }
    }
}

const EXPECTED: &str =
    "--initial needs a JSON object of paths and data, as in '{\"/a\": \"x\"}', for zookeeper";

/// A value as a file would give it; no data and empty data are the same.
fn value_of(value: &Json, names: &mut Names) -> Value {
    match value {
        Json::Null => Value::NIL,
        Json::String(text) if text.is_empty() => Value::NIL,
        Json::String(text) => names.value_of_text(text.clone()),
        value => match value.as_i64() {
            Some(number) => Value(number),
            None => names.value_of_text(value.to_string()),
        },
    }
}
