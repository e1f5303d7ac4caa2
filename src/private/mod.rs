//! Private life: what names a private person leaves the archive's text and goes, encrypted, into a store of its own.
//!
//! In: an item as it was received. Out: the item as it may be kept, with a keyed hash and a first letter in place of the
//! author, and the sealed rest ([`person`]). Whole files and raw pages are sealed in frames ([`frames`]). The key lies in a
//! file beside the data, never in the database and never in a backup.

pub mod frames;

pub mod person;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;

/// Name of the key's file in the data folder.
pub const KEY_FILE: &str = "private.key";
/// Bytes of the key.
const KEY: usize = 32;
/// Bytes of the key's fingerprint, which begins whatever is sealed.
const FINGERPRINT: usize = 4;
/// Bytes of a nonce: long enough to be random (draft-irtf-cfrg-xchacha-03, section 3.1).
const NONCE: usize = 24;
/// Bytes of a token: 80 bits, so that two persons among a hundred million share one with a chance below 1 in 200.
const TOKEN: usize = 10;

/// Why something could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum PrivateError {
    /// This store was opened without a place for a key.
    #[error("there is no key for private persons' data; name its file with `[private] key_file`")]
    NoPlace,
    /// The file of the key is not there.
    #[error("the key {0} is not there; bring it back from where it is kept apart from the backups")]
    NoKey(PathBuf),
    /// The file of the key cannot be read or written.
    #[error("the key {path}: {source}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others may read the key.
    #[error("the key {0} can be read by others; run `chmod 600` on it")]
    Exposed(PathBuf),
    /// The file does not hold a key.
    #[error("{0} is no key of 32 bytes; bring it back from where it is kept apart from the backups")]
    NotAKey(PathBuf),
    /// It was sealed with another key.
    #[error("it was sealed with another key; bring back the key file that was in use then")]
    OtherKey,
    /// It is not what was sealed, or does not belong here.
    #[error("what is sealed was changed or cut short")]
    Damaged,
}

impl PrivateError {
    /// Whether the right key would help.
    pub fn lacks_key(&self) -> bool {
        matches!(self, Self::NoPlace | Self::NoKey(_) | Self::OtherKey)
    }
}

/// Whether a file could not be read for want of its key.
pub fn lacks_key(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<PrivateError>());
    inner.is_some_and(PrivateError::lacks_key)
}

impl From<PrivateError> for io::Error {
    fn from(error: PrivateError) -> Self {
        io::Error::other(error)
    }
}

/// What holds the key: hashes handles, seals and opens. Cheap to clone. The key is read when first needed.
#[derive(Clone, Default)]
pub struct Vault(Arc<Inner>);

#[derive(Default)]
struct Inner {
    path: Option<PathBuf>,
    keys: OnceLock<Keys>,
}

/// Keys for one purpose each, derived from the one in the file (HKDF-SHA-256, RFC 5869).
struct Keys {
    /// Stands in every sealed blob and says nothing about the key.
    fingerprint: [u8; FINGERPRINT],
    hash: Hkdf<Sha256>,
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.0.path)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault whose key lies at `path`; made there when something is first sealed.
    pub fn at(path: &Path) -> Self {
        Self(Arc::new(Inner {
            path: Some(path.to_owned()),
            keys: OnceLock::new(),
        }))
    }

    /// Where the key lies.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Reads the key, or makes one of 32 random bytes that only the owner of the file may read.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn prepare(&self) -> Result<(), PrivateError> {
        self.keys(true).map(|_| ())
    }

    fn keys(&self, may_make: bool) -> Result<&Keys, PrivateError> {
        if let Some(keys) = self.0.keys.get() {
            return Ok(keys);
        }
        let path = self.0.path.as_deref().ok_or(PrivateError::NoPlace)?;
        if may_make && !path.exists() {
            make(path).map_err(|source| PrivateError::KeyFile {
                path: path.to_owned(),
                source,
            })?;
        }
        let keys = Keys::derive(&read(path)?);
        Ok(self.0.keys.get_or_init(|| keys))
    }

    /// The token of an account: `p_` and 16 characters that only the holder of the key can compute. The same person on the
    /// same platform has the same one, however the name is written: HMAC-SHA-256 by the expansion of RFC 5869.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn token(&self, platform: &str, handle: &str) -> Result<String, PrivateError> {
        let (mut hash, handle) = ([0; TOKEN], person::normalised(handle));
        let info = [platform.as_bytes(), &[0], handle.as_bytes()];
        self.keys(true)?
            .hash
            .expand_multi_info(&info, &mut hash)
            .map_err(|_| PrivateError::Damaged)?;
        Ok(format!("{}{}", person::TOKEN_MARK, base32(&hash)))
    }

    /// Seals bytes that belong to `place`: they open nowhere else (XChaCha20-Poly1305).
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn seal(&self, place: &[u8], bytes: &[u8]) -> Result<Vec<u8>, PrivateError> {
        let keys = self.keys(true)?;
        let nonce = crate::chance::bytes::<NONCE>();
        let payload = Payload { msg: bytes, aad: place };
        let sealed = keys
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| PrivateError::Damaged)?;
        Ok([&keys.fingerprint[..], &nonce[..], &sealed[..]].concat())
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// When the key is not there or another, or the bytes are not those that were sealed.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, PrivateError> {
        let keys = self.keys(false)?;
        let (fingerprint, rest) = sealed.split_at_checked(FINGERPRINT).ok_or(PrivateError::Damaged)?;
        if fingerprint != keys.fingerprint {
            return Err(PrivateError::OtherKey);
        }
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or(PrivateError::Damaged)?;
        let payload = Payload { msg: text, aad: place };
        keys.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| PrivateError::Damaged)
    }
}

impl Keys {
    fn derive(key: &[u8; KEY]) -> Keys {
        let root = Hkdf::<Sha256>::new(Some(b"diemtin private life 1"), key);
        let part = |purpose: &str| {
            let mut part = [0; KEY];
            root.expand(purpose.as_bytes(), &mut part)
                .expect("32 bytes are fewer than the 8160 that HKDF gives");
            part
        };
        let [a, b, c, d, ..] = part("fingerprint");
        Keys {
            fingerprint: [a, b, c, d],
            hash: Hkdf::from_prk(&part("handles")).expect("32 bytes are a key of SHA-256"),
            cipher: XChaCha20Poly1305::new(&part("encryption").into()),
        }
    }
}

fn read(path: &Path) -> Result<[u8; KEY], PrivateError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => PrivateError::NoKey(path.to_owned()),
        _ => PrivateError::KeyFile {
            path: path.to_owned(),
            source,
        },
    };
    if fs::metadata(path).map_err(failed)?.permissions().mode() & 0o077 != 0 {
        return Err(PrivateError::Exposed(path.to_owned()));
    }
    let bytes = fs::read(path).map_err(failed)?;
    bytes.try_into().map_err(|_| PrivateError::NotAKey(path.to_owned()))
}

/// Makes a key in one step, so that of several processes that start at once all read the same.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let partial = folder.join(format!(".{KEY_FILE}.{}", &crate::chance::token()[..12]));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&partial)?;
    file.write_all(&crate::chance::bytes::<KEY>())?;
    file.sync_all()?;
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// RFC 4648, section 6, in lower case and without padding; ten bytes make sixteen characters.
fn base32(bytes: &[u8; TOKEN]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let number = bytes
        .iter()
        .fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    (0..16)
        .rev()
        .map(|place| char::from(LETTERS[(number >> (5 * place) & 31) as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(folder: &Path) -> Vault {
        Vault::at(&folder.join(KEY_FILE))
    }

    #[test]
    fn a_person_has_one_token_on_a_platform_and_another_under_another_key() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let token = |handle| vault(one.path()).token("facebook", handle).unwrap();
        assert_eq!(token("@Ngan.Tran.88 "), token("ngan.tran.88"));
        assert!(person::is_token(&token("ngan")), "{}", token("ngan"));
        assert_ne!(token("ngan"), token("ngan2"));
        assert_ne!(token("ngan"), vault(one.path()).token("zalo", "ngan").unwrap());
        assert_ne!(token("ngan"), vault(two.path()).token("facebook", "ngan").unwrap());
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_at_the_same_place_only() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let sealed = vault(one.path()).seal(b"x1", "chị Ngân".as_bytes()).unwrap();
        assert_eq!(vault(one.path()).open(b"x1", &sealed).unwrap(), "chị Ngân".as_bytes());
        assert!(matches!(
            vault(one.path()).open(b"x2", &sealed),
            Err(PrivateError::Damaged)
        ));
        vault(two.path()).prepare().unwrap();
        assert!(matches!(
            vault(two.path()).open(b"x1", &sealed),
            Err(PrivateError::OtherKey)
        ));
        let gone = tempfile::tempdir().unwrap();
        let error = vault(gone.path()).open(b"x1", &sealed).unwrap_err();
        assert!(error.lacks_key() && error.to_string().contains(KEY_FILE), "{error}");
        assert!(!gone.path().join(KEY_FILE).exists(), "opening makes no key");
    }

    #[test]
    fn a_key_that_others_may_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(KEY_FILE);
        vault(folder.path()).prepare().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = vault(folder.path()).prepare().unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "ngắn").unwrap();
        assert!(matches!(vault(folder.path()).prepare(), Err(PrivateError::NotAKey(_))));
        assert!(matches!(Vault::default().prepare(), Err(PrivateError::NoPlace)));
    }

    #[test]
    fn ten_bytes_are_written_as_the_standard_says() {
        assert_eq!(base32(b"foobarfoob"), "mzxw6ytbojtg633c");
        assert_eq!(base32(&[0; 10]), "aaaaaaaaaaaaaaaa");
    }
}
