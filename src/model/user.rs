//! Users and what they may do.

use crate::word_enum;

word_enum!(
    /// What a user may do; each role may do what the ones before it may.
    Role {
        /// Reads ("người đọc").
        Reader = "reader",
        /// Queries and exports ("chuyên viên phân tích").
        Analyst = "analyst",
        /// Edits digests ("biên tập viên").
        Editor = "editor",
        /// Handles alerts ("trực ban").
        DutyOfficer = "duty_officer",
        /// Manages users and settings ("quản trị").
        Administrator = "administrator",
    }
);

impl Role {
    /// The word people see.
    pub fn label(self) -> &'static str {
        match self {
            Role::Reader => "Người đọc",
            Role::Analyst => "Chuyên viên phân tích",
            Role::Editor => "Biên tập viên",
            Role::DutyOfficer => "Trực ban",
            Role::Administrator => "Quản trị",
        }
    }

    /// Whether this role may open what names a private person, with a reason on record: those who handle alerts need it to
    /// hand a case over, everybody else has no purpose for it (Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15).
    pub fn may_open_identity(self) -> bool {
        self >= Role::DutyOfficer
    }
}
