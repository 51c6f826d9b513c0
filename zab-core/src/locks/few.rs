//! A small ordered set that can be copied.

/// At most `N` values, each once, in order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct Few<T, const N: usize> {
    /// In order, those that are not there last.
    items: [Option<T>; N],
}

impl<T: Copy, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self { items: [None; N] }
    }
}

impl<T: Copy + Ord, const N: usize> Few<T, N> {
    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<T, N> {
        self.items.into_iter().flatten()
    }

    /// Whether there is no room for another one.
    pub fn is_full(&self) -> bool {
        self.items.iter().all(Option::is_some)
    }

    /// Adds a value. False if it is there already, or there is no room.
    pub fn insert(&mut self, value: T) -> bool {
        if self.is_full() || self.items.contains(&Some(value)) {
            return false;
        }
        self.items[N - 1] = Some(value);
        self.items.sort_unstable_by_key(|item| (item.is_none(), *item));
        true
    }

    /// Keeps those values for which this says so.
    pub fn retain(&mut self, mut stays: impl FnMut(&T) -> bool) {
        for item in &mut self.items {
            *item = item.filter(&mut stays);
        }
        self.items.sort_unstable_by_key(|item| (item.is_none(), *item));
    }
}

impl<T: Copy + Ord, const N: usize> FromIterator<T> for Few<T, N> {
    /// As many as there is room for.
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut few = Self::default();
        values.into_iter().for_each(|value| {
            few.insert(value);
        });
        few
    }
}
