//! How a connector is after each answer, and what people are told of it. Pure.

use chrono::Duration;

use super::Trouble;
use crate::collect::health::{Health, State};
use crate::model::Time;
use crate::model::connector::{Connector, Standing};

/// Hours without an answer after which the operator is told, as of a source of rank 1.
const SILENT_HOURS: i64 = 2;
/// How long a connector without access waits before it tries whether it has been given back.
const ENDED_MINUTES: i64 = 60;
/// First and longest pause after failures in a row.
const PAUSE_MINUTES: [i64; 2] = [5, 60];

/// A connector that has not asked yet.
pub fn fresh(name: String, label: String, platform: crate::model::item::Platform) -> Connector {
    Connector {
        name,
        label,
        platform,
        standing: Standing::New,
        reason: String::new(),
        remedy: String::new(),
        since: None,
        last_ok: None,
        resume: None,
        failures: 0,
    }
}

/// It has answered.
pub fn answered(connector: &mut Connector, now: Time) {
    connector.last_ok = Some(now);
    connector.failures = 0;
    stands(connector, Standing::Fine, String::new(), "", now);
}

/// It answered that we use much of what is allowed: until `resume` nothing is asked.
pub fn slowed(connector: &mut Connector, percent: u8, resume: Time, now: Time) {
    let reason = format!("đã dùng {percent} % hạn mức gọi; hỏi tiếp lúc {}", moment(resume));
    stands(connector, Standing::Limited, reason, WAIT, now);
    connector.resume = Some(resume);
}

const WAIT: &str = "không cần làm gì; hệ thống tự hỏi tiếp";

/// It did not answer what was asked. `what` names what the credential opens: `trang Fanpage BHXH Việt Nam`.
pub fn refused(connector: &mut Connector, trouble: &Trouble, next_day: Time, now: Time) {
    connector.failures += 1;
    let pause = pause(connector.failures);
    let (standing, reason, remedy, resume) = match trouble {
        Trouble::Ended(said) => {
            let since = connector.since.filter(|_| connector.standing == Standing::Ended);
            (
                Standing::Ended,
                format!(
                    "quyền truy cập {} đã hết hạn hoặc bị thu hồi, nhận ra lúc {} (nền tảng trả lời: {said})",
                    connector.label,
                    moment(since.unwrap_or(now))
                ),
                "đăng nhập lại, lấy khóa hoặc token mới, thay trong cấu hình rồi khởi động lại dịch vụ",
                Some(now + Duration::minutes(ENDED_MINUTES)),
            )
        }
        Trouble::Forbidden(said) => (
            Standing::Ended,
            format!("{} không còn cho phép đọc (nền tảng trả lời: {said})", connector.label),
            "xem lại quyền của ứng dụng và vai trò trên trang; cấp lại quyền đọc rồi khởi động lại dịch vụ",
            Some(now + Duration::minutes(ENDED_MINUTES)),
        ),
        Trouble::Limited(until) => {
            let resume = until.unwrap_or(now + pause);
            let reason = format!("nền tảng yêu cầu hỏi thưa lại; hỏi tiếp lúc {}", moment(resume));
            (Standing::Limited, reason, WAIT, Some(resume))
        }
        Trouble::Spent(_) => (
            Standing::Limited,
            format!("đã dùng hết hạn mức gọi của ngày; hỏi tiếp lúc {}", moment(next_day)),
            "không cần làm gì; nếu thường xuyên hết, bớt truy vấn hoặc xin thêm hạn mức",
            Some(next_day),
        ),
        Trouble::Away(said) => (
            Standing::Away,
            format!("không nhận được trả lời đọc được ({said})"),
            "kiểm tra mạng và địa chỉ base_url trong cấu hình",
            Some(now + pause),
        ),
        other => (
            Standing::Away,
            format!("một câu hỏi bị từ chối ({})", gist(other)),
            "xem nhật ký của dịch vụ; câu hỏi được gửi lại sau một giờ",
            None,
        ),
    };
    stands(connector, standing, reason, remedy, now);
    connector.resume = resume;
}

fn gist(trouble: &Trouble) -> &str {
    match trouble {
        Trouble::Odd(said) => said,
        Trouble::Gone => "không còn",
        Trouble::CommentsDisabled => "đã tắt bình luận",
        _ => "không rõ",
    }
}

/// `since` is when the present standing began.
fn stands(connector: &mut Connector, standing: Standing, reason: String, remedy: &str, now: Time) {
    if connector.standing != standing || connector.since.is_none() {
        connector.since = Some(now);
    }
    connector.standing = standing;
    connector.reason = reason;
    connector.remedy = remedy.to_owned();
    connector.resume = None;
}

fn pause(failures: i64) -> Duration {
    let doubled = PAUSE_MINUTES[0] << (failures - 1).clamp(0, 8);
    Duration::minutes(doubled.min(PAUSE_MINUTES[1]))
}

fn moment(at: Time) -> String {
    let at = at.with_timezone(&crate::model::vietnam());
    at.format("%H:%M %d/%m/%Y").to_string()
}

/// How it is for those who watch over the sources.
pub fn health(connector: &Connector, now: Time) -> Health {
    let heard = connector.last_ok.or(connector.since);
    let is_long = heard.is_some_and(|at| now - at > Duration::hours(SILENT_HOURS));
    let state = match connector.standing {
        Standing::New => State::Unknown,
        Standing::Fine => State::Healthy,
        Standing::Limited => State::Slow,
        Standing::Away if is_long => State::Silent,
        Standing::Away => State::Slow,
        Standing::Ended => State::Blocked,
    };
    Health {
        state,
        reason: connector.reason.clone(),
        remedy: connector.remedy.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::item::Platform;

    fn at(minutes: i64) -> Time {
        crate::model::from_unix_ms(1_795_000_000_000) + Duration::minutes(minutes)
    }

    fn connector() -> Connector {
        fresh("facebook:77".into(), "Facebook: Trang Mẫu".into(), Platform::Facebook)
    }

    #[test]
    fn ended_access_is_told_at_once_with_when_it_was_noticed_and_what_to_do() {
        let mut page = connector();
        answered(&mut page, at(0));
        assert_eq!(health(&page, at(1)).state, State::Healthy);
        for minute in [5, 65] {
            refused(
                &mut page,
                &Trouble::Ended("Session has expired".into()),
                at(900),
                at(minute),
            );
        }
        let told = health(&page, at(66));
        assert!(told.state == State::Blocked && told.is_alarming());
        let noticed = moment(at(5));
        assert!(
            told.reason.contains("Facebook: Trang Mẫu") && told.reason.contains(&noticed),
            "{told:?}"
        );
        assert!(told.remedy.contains("token mới"));
        assert_eq!(page.resume, Some(at(65 + 60)), "it is tried again, rarely");
        answered(&mut page, at(125));
        assert!(page.reason.is_empty() && page.resume.is_none());
    }

    #[test]
    fn an_outage_alarms_after_two_hours_and_waiting_for_quota_never() {
        let mut page = connector();
        answered(&mut page, at(0));
        refused(&mut page, &Trouble::Away("connection refused".into()), at(900), at(60));
        assert_eq!(health(&page, at(61)).state, State::Slow);
        assert_eq!(health(&page, at(121)).state, State::Silent);
        refused(&mut page, &Trouble::Spent("units"), at(900), at(122));
        assert!(!health(&page, at(800)).is_alarming() && page.resume == Some(at(900)));
    }

    #[test]
    fn pauses_double_up_to_an_hour() {
        assert_eq!([1, 2, 3, 9].map(|n| pause(n).num_minutes()), [5, 10, 20, 60]);
    }
}
