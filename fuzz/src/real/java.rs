//! Java and the server's jars on this machine, or what to install.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use zab_core::variant::Release;

/// Where Debian's `libzookeeper-java` puts the server. Its manifest names the jars that it needs.
const DEBIAN: &str = "/usr/share/java/zookeeper.jar";
/// What writes the server's log there.
const DEBIAN_LOG: &str = "/usr/share/java/slf4j-simple.jar";

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Java {
    class_path: String,
    /// Its release, as the name of the jar has it.
    release: Option<String>,
    /// What servers are upgraded to.
    new: Option<Box<Self>>,
}

impl Java {
    /// Finds Java, and the server: Debian's, the jars of a folder, or a release by its number, which is
    /// Debian's or what `fuzz/fetch-zookeeper` has fetched.
    ///
    /// # Errors
    ///
    /// One line that says what to install.
    pub fn find(asked: Option<&Path>) -> Result<Self, String> {
        let version = Command::new("java")
            .arg("-version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !version.is_ok_and(|status| status.success()) {
            return Err("no Java here: install one, `apt-get install default-jre-headless` on \
                        Debian"
                .to_owned());
        }
        let Some(asked) = asked else { return Self::of_debian() };
        let number = asked.to_str().filter(|name| is_release(name) && !asked.exists());
        match number {
            None => Self::of_folder(asked),
            Some(number) => Self::of_release(number),
        }
    }

    fn of_debian() -> Result<Self, String> {
        if !Path::new(DEBIAN).exists() {
            return Err(format!(
                "no ZooKeeper here ({DEBIAN}): install `libzookeeper-java` on Debian, or name \
                 a folder of jars with --zookeeper"
            ));
        }
        let folder = Path::new(DEBIAN).parent().unwrap_or(Path::new("/"));
        let class_path = format!("{DEBIAN}:{DEBIAN_LOG}");
        Ok(Self { class_path, release: release(folder), new: None })
    }

    fn of_folder(folder: &Path) -> Result<Self, String> {
        Ok(Self { class_path: jars(folder)?, release: release(folder), new: None })
    }

    fn of_release(number: &str) -> Result<Self, String> {
        if let Ok(debian) = Self::of_debian()
            && debian.release() == Some(number)
        {
            return Ok(debian);
        }
        match fetched(number) {
            Some(folder) if folder.is_dir() => Self::of_folder(&folder),
            _ => Err(format!(
                "no ZooKeeper {number} here: `fuzz/fetch-zookeeper {number}` fetches some releases, \
                 or name a folder of jars"
            )),
        }
    }

    /// Servers boot with this, and are upgraded to the other.
    #[must_use]
    pub fn upgraded_to(self, new: Self) -> Self {
        Self { new: Some(Box::new(new)), ..self }
    }

    /// Whether there is something to upgrade servers to.
    pub const fn has_upgrade(&self) -> bool {
        self.new.is_some()
    }

    /// What a server runs that runs this release.
    pub(crate) fn of(&self, release: Release) -> &Self {
        match (release, &self.new) {
            (Release::New, Some(new)) => new,
            _ => self,
        }
    }

    /// Which release it is, as in `3.8.0`.
    pub fn release(&self) -> Option<&str> {
        self.release.as_deref()
    }

    /// Which release servers boot with, and after a colon the one that they are upgraded to if there is one, as
    /// in `3.9.5:3.9.3`.
    pub fn releases(&self) -> Option<String> {
        let old = self.release()?.to_owned();
        match &self.new {
            None => Some(old),
            Some(new) => Some(format!("{old}:{}", new.release()?)),
        }
    }

    /// The command that runs one server, without its environment.
    pub(crate) fn server(&self, properties: &[(String, String)], config: &Path) -> Command {
        let mut command = Command::new("java");
        command.args(["-Xmx160m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]);
        command.args(["-XX:-UsePerfData", "-Djava.net.preferIPv4Stack=true"]);
        for (name, value) in properties {
            command.arg(format!("-D{name}={value}"));
        }
        command.args(["-cp", &self.class_path]);
        command.arg("org.apache.zookeeper.server.quorum.QuorumPeerMain").arg(config);
        command
    }
}

/// Whether it is the number of a release, as in `3.9.5`.
fn is_release(name: &str) -> bool {
    name.split('.').count() == 3 && name.split('.').all(|part| part.parse::<u16>().is_ok())
}

/// Where `fuzz/fetch-zookeeper` puts a release unless it is told otherwise.
fn fetched(number: &str) -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME").filter(|folder| !folder.is_empty());
    let data = data.map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".local/share")));
    Some(data?.join("zab").join(format!("zookeeper-{number}")))
}

/// The release in the name of a folder's `zookeeper-3.8.0.jar`.
fn release(folder: &Path) -> Option<String> {
    let names = std::fs::read_dir(folder).ok()?;
    let names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut releases: Vec<String> = names
        .filter_map(|name| {
            let release = name.strip_prefix("zookeeper-")?.strip_suffix(".jar")?;
            release.starts_with(char::is_numeric).then(|| release.to_owned())
        })
        .collect();
    releases.sort();
    releases.pop()
}

/// The class path of a folder of jars.
fn jars(folder: &Path) -> Result<String, String> {
    let problem = |what: String| format!("{}: {what}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(|error| problem(error.to_string()))?;
    let names: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let is_server = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| {
            name.strip_prefix("zookeeper-").is_some_and(|rest| rest.starts_with(char::is_numeric))
                || name == "zookeeper.jar"
        })
    };
    if !names.iter().any(is_server) {
        return Err(problem(
            "no zookeeper-VERSION.jar there: name a folder that holds the server and the jars it \
             needs, `lib` of a binary release for instance"
                .to_owned(),
        ));
    }
    let folder = std::path::absolute(folder).map_err(|error| problem(error.to_string()))?;
    Ok(format!("{}/*", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_the_server_is_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        std::fs::write(folder.path().join("zookeeper-jute-3.9.3.jar"), "").expect("a file");
        let refused = jars(folder.path()).expect_err("no server");
        assert!(refused.contains("no zookeeper-VERSION.jar there"), "{refused}");
        assert_eq!(refused.lines().count(), 1);
        std::fs::write(folder.path().join("zookeeper-3.9.3.jar"), "").expect("a file");
        assert!(jars(folder.path()).expect("the server is there").ends_with("/*"));
    }

    #[test]
    fn an_upgrade_has_two_releases_and_without_one_every_server_runs_the_same() {
        let java = |number: &str| Java {
            class_path: format!("zookeeper-{number}.jar"),
            release: Some(number.to_owned()),
            new: None,
        };
        let old = java("3.9.5");
        assert_eq!(old.of(Release::New).release(), Some("3.9.5"));
        assert_eq!(old.releases().as_deref(), Some("3.9.5"));
        let both = old.upgraded_to(java("3.9.3"));
        assert_eq!(both.of(Release::Old).release(), Some("3.9.5"));
        assert_eq!(both.of(Release::New).release(), Some("3.9.3"));
        assert_eq!(both.releases().as_deref(), Some("3.9.5:3.9.3"));
    }

    #[test]
    fn a_release_by_its_number_is_told_from_a_folder() {
        for (name, is_number) in
            [("3.9.5", true), ("3.9", false), ("jars", false), ("3.9.x", false)]
        {
            assert_eq!(is_release(name), is_number, "{name}");
        }
        let missing = Java::of_release("0.0.1").expect_err("there was no such release");
        assert!(missing.contains("`fuzz/fetch-zookeeper 0.0.1`"), "{missing}");
    }
}
