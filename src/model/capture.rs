//! What people hand in, by hand or as a tip, and what is recorded of it.

use super::item::Access;
use super::{ItemId, Time};
use crate::word_enum;

word_enum!(
    /// As what something is handed in.
    CaptureForm {
        /// An address.
        Link = "link",
        /// Words copied from somewhere.
        Text = "text",
        /// A picture of a screen, with its words typed beside it.
        Screenshot = "screenshot",
        /// An article of a printed paper.
        Print = "print",
        /// Something broadcast on radio or television.
        Broadcast = "broadcast",
        /// What a citizen or a province reports.
        Tip = "tip",
    }
);

word_enum!(
    /// By which way a tip reached the office.
    Arrival {
        /// By telephone.
        Hotline = "hotline",
        /// By mail.
        Email = "email",
        /// At the one-stop counter of an office.
        OneStop = "one_stop",
        /// To the official account on Zalo.
        ZaloOa = "zalo_oa",
        /// From a citizen in person.
        InPerson = "in_person",
    }
);

impl CaptureForm {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            CaptureForm::Link => "Đường dẫn",
            CaptureForm::Text => "Nội dung dán",
            CaptureForm::Screenshot => "Ảnh chụp màn hình",
            CaptureForm::Print => "Trang báo in",
            CaptureForm::Broadcast => "Phát thanh – truyền hình",
            CaptureForm::Tip => "Tin báo",
        }
    }
}

impl Arrival {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            Arrival::Hotline => "đường dây nóng",
            Arrival::Email => "thư điện tử",
            Arrival::OneStop => "bộ phận một cửa",
            Arrival::ZaloOa => "Zalo OA",
            Arrival::InPerson => "người dân gửi trực tiếp",
        }
    }
}

/// That somebody handed an item in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The item. Of an address that waits to be fetched it may not be in the archive yet.
    pub item: ItemId,
    /// As what it is counted: [`Access::Manual`] or [`Access::Tip`], even where the item itself is public.
    pub access: Access,
    /// As what it was handed in.
    pub form: CaptureForm,
    /// Who did it: a user, or the folder of tips.
    pub user: String,
    /// When.
    pub at: Time,
    /// Province it comes from (id in `alerts/provinces.toml`), as far as known.
    pub province: Option<String>,
    /// By which way it reached the office, as far as known.
    pub arrival: Option<Arrival>,
    /// Where it stands: in print or on the air in words, `báo in số 312 …, trang 4`; of a link that our collectors fetch the
    /// address; else empty.
    pub place: String,
}

/// Longest picture taken, in bytes.
pub const LARGEST_PICTURE: usize = 10 << 20;

/// A picture that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its file's name as given; may be empty.
    pub name: String,
    /// Media type, told by its first bytes and not by its name.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// Takes bytes that are a PNG, JPEG or WebP of at most [`LARGEST_PICTURE`].
    ///
    /// # Errors
    /// Says in Vietnamese what is wrong with them and what to do.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Picture, String> {
        let media_type = match bytes.as_slice() {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ => return Err("tệp không phải là ảnh PNG, JPEG hoặc WebP; chụp lại màn hình rồi chọn tệp ảnh".into()),
        };
        if bytes.len() > LARGEST_PICTURE {
            return Err("ảnh lớn hơn 10 MB; cắt bớt hoặc lưu dạng JPEG rồi gửi lại".into());
        }
        Ok(Picture {
            name: name.to_owned(),
            media_type,
            bytes,
        })
    }
}

/// A picture kept beside an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPicture {
    /// SHA-256 of its bytes: the name of its evidence.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Its file's name as given; may be empty.
    pub title: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_bytes_whatever_its_name_says() {
        let kind = |bytes: &[u8]| Picture::read("anh.png", bytes.to_vec()).map(|picture| picture.media_type);
        assert_eq!(kind(b"\x89PNG\r\n\x1a\n...."), Ok("image/png"));
        assert_eq!(kind(b"\xff\xd8\xff\xe0...."), Ok("image/jpeg"));
        assert_eq!(kind(b"RIFF\x10\0\0\0WEBPVP8 "), Ok("image/webp"));
        for other in [&b"%PDF-1.7"[..], b"GIF89a", b"<svg/>", b"MZ\x90\0", b""] {
            assert!(kind(other).unwrap_err().contains("PNG, JPEG hoặc WebP"), "{other:?}");
        }
    }

    #[test]
    fn a_picture_may_be_as_large_as_is_said_and_no_larger() {
        let of = |length: usize| {
            let mut bytes = b"\xff\xd8\xff".to_vec();
            bytes.resize(length, 0);
            Picture::read("", bytes)
        };
        assert!(of(LARGEST_PICTURE).is_ok());
        assert!(of(LARGEST_PICTURE + 1).unwrap_err().contains("10 MB"));
    }
}
