//! Work that several threads bring at the same moment and one of them does for all.

#[cfg(loom)]
use loom::sync::{
    Mutex, MutexGuard,
    mpsc::{self, Sender},
};
use std::collections::VecDeque;
use std::mem;
use std::sync::PoisonError;
#[cfg(not(loom))]
use std::sync::{
    Mutex, MutexGuard,
    mpsc::{self, Sender},
};

/// Where threads wait whose work is done together. Whoever comes while nobody works leads: he does what is there, without waiting for
/// more. Who comes meanwhile waits, and the first of them leads next, for all who have come by then.
pub(super) struct Line<Q, A> {
    /// Questions that are taken together, unless one thread alone brings more.
    most: usize,
    waiting: Mutex<Waiting<Q, A>>,
}

struct Waiting<Q, A> {
    queue: VecDeque<Waiter<Q, A>>,
    is_led: bool,
}

struct Waiter<Q, A> {
    questions: Vec<Q>,
    tell: Sender<Word<A>>,
}

/// Whose so many of the answers are.
struct Share<A> {
    tell: Sender<Word<A>>,
    count: usize,
}

enum Word<A> {
    /// It is your turn to work for all.
    Lead,
    /// What came of yours.
    Done(Vec<A>),
}

impl<Q, A> Line<Q, A> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, waiting: Mutex::new(Waiting { queue: VecDeque::new(), is_led: false }) }
    }

    /// Has these questions answered by `work`, together with those of others: one answer for each question, in the same order. `None`
    /// when the thread that worked for all of them ended in a panic.
    pub(super) fn bring(&self, questions: Vec<Q>, work: impl FnOnce(&[Q]) -> Vec<A>) -> Option<Vec<A>> {
        let (tell, hear) = mpsc::channel();
        let must_wait = {
            let mut waiting = self.locked();
            waiting.queue.push_back(Waiter { questions, tell });
            mem::replace(&mut waiting.is_led, true)
        };
        if must_wait && let Word::Done(answers) = hear.recv().ok()? {
            return Some(answers);
        }
        self.lead(work);
        match hear.try_recv() {
            Ok(Word::Done(answers)) => Some(answers),
            _ => None,
        }
    }

    fn lead(&self, work: impl FnOnce(&[Q]) -> Vec<A>) {
        let next = HandOver(self);
        let (questions, shares) = self.take();
        let mut answers = work(&questions).into_iter();
        // The next one need not wait until all are told.
        drop(next);
        for Share { tell, count } in shares {
            // Nobody goes away before he is told.
            let _told = tell.send(Word::Done(answers.by_ref().take(count).collect()));
        }
    }

    /// The questions of the first waiters, and whose they are.
    fn take(&self) -> (Vec<Q>, Vec<Share<A>>) {
        let (mut questions, mut shares) = (Vec::new(), Vec::new());
        let mut waiting = self.locked();
        let fits = |waiter: &mut Waiter<Q, A>, taken: usize| {
            taken == 0 || taken.saturating_add(waiter.questions.len()) <= self.most
        };
        while let Some(waiter) = waiting.queue.pop_front_if(|waiter| fits(waiter, questions.len())) {
            shares.push(Share { tell: waiter.tell, count: waiter.questions.len() });
            questions.extend(waiter.questions);
        }
        (questions, shares)
    }

    fn locked(&self) -> MutexGuard<'_, Waiting<Q, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes the first who waits the next leader, also when this one ends in a panic.
struct HandOver<'a, Q, A>(&'a Line<Q, A>);

impl<Q, A> Drop for HandOver<'_, Q, A> {
    fn drop(&mut self) {
        let mut waiting = self.0.locked();
        // Whoever went away in a panic is passed over, so that nobody waits behind him.
        while waiting.queue.pop_front_if(|first| first.tell.send(Word::Lead).is_err()).is_some() {}
        waiting.is_led = !waiting.queue.is_empty();
    }
}

#[cfg(all(test, not(loom)))]
impl<Q, A> Line<Q, A> {
    /// Until somebody works and so many wait behind him.
    pub(super) fn wait_for(&self, waiters: usize) {
        let is_so = |waiting: &Waiting<Q, A>| waiting.is_led && waiting.queue.len() == waiters;
        while !is_so(&self.locked()) {
            std::thread::yield_now();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

    use super::{Line, Waiter};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::sync::mpsc::channel;
    use std::thread;

    /// What came together while the first one worked, and what each of five was told; the first and the leader after him may panic.
    fn run(most: usize, panics: &[usize]) -> (Vec<Vec<u32>>, Vec<Option<Vec<u32>>>) {
        let line: Line<u32, u32> = Line::new(most);
        let groups = Mutex::new(Vec::new());
        let (go, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let work = |questions: &[u32]| {
            if questions[0] == 0 {
                wait.lock().unwrap().recv().unwrap();
            }
            let mut groups = groups.lock().unwrap();
            groups.push(questions.to_vec());
            let is_broken = panics.contains(&groups.len());
            drop(groups);
            assert!(!is_broken, "as the test wants it");
            questions.iter().map(|question| question.wrapping_add(100)).collect()
        };
        let bring = |questions: Vec<u32>| catch_unwind(AssertUnwindSafe(|| line.bring(questions, work))).ok().flatten();
        let answers = thread::scope(|scope| {
            let mut threads = vec![scope.spawn(|| bring(vec![0]))];
            line.wait_for(0);
            for (at, questions) in [vec![1], vec![2, 3], vec![], vec![4]].into_iter().enumerate() {
                let bring = &bring;
                threads.push(scope.spawn(move || bring(questions)));
                line.wait_for(at.wrapping_add(1));
            }
            go.send(()).unwrap();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(!line.locked().is_led && line.locked().queue.is_empty());
        assert_eq!(line.bring(vec![7], |_| vec![8]), Some(vec![8]), "it goes on");
        (groups.into_inner().unwrap(), answers)
    }

    #[test]
    fn who_comes_while_one_works_is_served_together_and_told_his_own() {
        let told = [vec![100], vec![101], vec![102, 103], vec![], vec![104]].map(Some);
        let (groups, answers) = run(10, &[]);
        assert_eq!((groups, &answers[..]), (vec![vec![0], vec![1, 2, 3, 4]], &told[..]));
        let (groups, answers) = run(2, &[]);
        assert_eq!((groups, &answers[..]), (vec![vec![0], vec![1], vec![2, 3], vec![4]], &told[..]));
    }

    #[test]
    fn a_leader_that_panics_fails_those_he_worked_for_and_no_others() {
        let (groups, answers) = run(10, &[1]);
        assert_eq!(groups.len(), 2);
        assert_eq!(answers, [None, Some(vec![101]), Some(vec![102, 103]), Some(vec![]), Some(vec![104])]);
        let (_, answers) = run(3, &[2]);
        assert_eq!(answers, [Some(vec![100]), None, None, None, Some(vec![104])]);
    }

    #[test]
    fn who_is_gone_is_passed_over() {
        let line: Line<u32, u32> = Line::new(10);
        let (go, wait) = channel::<()>();
        let answers = thread::scope(|scope| {
            let first = scope.spawn(|| {
                line.bring(vec![0], move |_| {
                    wait.recv().unwrap();
                    vec![100]
                })
            });
            line.wait_for(0);
            let (tell, gone) = channel();
            line.locked().queue.push_back(Waiter { questions: vec![1], tell });
            drop(gone);
            let second = scope.spawn(|| line.bring(vec![2], |questions| questions.to_vec()));
            line.wait_for(2);
            go.send(()).unwrap();
            [first.join().unwrap(), second.join().unwrap()]
        });
        assert_eq!(answers, [Some(vec![100]), Some(vec![2])]);
        assert!(!line.locked().is_led);
    }

    #[test]
    fn a_poisoned_lock_stops_nobody() {
        let line: Line<u32, u32> = Line::new(10);
        let poison = || {
            let _held = line.waiting.lock().unwrap();
            panic!("as the test wants it");
        };
        assert!(catch_unwind(AssertUnwindSafe(poison)).is_err());
        assert!(line.waiting.is_poisoned());
        assert_eq!(line.bring(vec![7], |_| vec![8]), Some(vec![8]));
    }
}
