# frozen_string_literal: true

require_relative 'helper'

# The methods that do not block, with objects of the host that take their time.
class AsyncTest < Minitest::Test
  # Answers once two are asking.
  class MeetingDirectory
    def initialize(&answer)
      @answer = answer
      @asking = 0
      @lock = Mutex.new
      @met = ConditionVariable.new
    end

    def resolve(query)
      @lock.synchronize do
        @asking += 1
        @have_met ||= @asking == 2
        have_met? ? @met.broadcast : @met.wait(@lock, 10)
        @asking -= 1
      end
      query.addresses.map { |address| @answer.call(address) }
    end

    def have_met? = @have_met
  end

  TWO = "directories = [\"staff\", \"others\"]\n[directory.staff]\nkind = \"host\"\ndomains = [\"other.example\"]\n" \
        "[directory.others]\nkind = \"host\"\ndomains = [\"goal.example\"]\n"

  def encrypt(engine, *visible, **context)
    engine.encrypt_async(pki('plain.eml'), visible, [], encrypt_context(**context))
  end

  def test_an_import
    store = MemoryStore.new
    engine = engine('import = true').with_async_store(store)
    assert_equal P::ImportOutcome::IMPORTED, engine.import_mail_async(pki('alice.eml'), import_context).outcome
    assert_equal ['alice@goal.example'], store.entries('default').map(&:address)
    refute_includes store.threads, Thread.current
    assert_equal 107, failure_of { engine.import_mail(pki('alice.eml'), import_context) }.number
  end

  def test_what_only_blocks_is_asked_as_well
    store = MemoryStore.new
    engine = engine(STAFF).with_store(store).with_directory('staff', ScriptedDirectory.new { lends('bob') })
    assert_equal P::ImportOutcome::IMPORTED, engine.import_mail_async(pki('alice.eml'), import_context).outcome
    mail = encrypt(engine, 'alice@goal.example', 'bob@goal.example').messages[0].mail
    assert_includes decrypt(mail, 'bob'), 'in confidence'
    assert_equal 107, failure_of { engine('import = true').import_mail_async(pki('alice.eml'), import_context) }.number
  end

  def test_all_directories_at_once
    directory = MeetingDirectory.new { |address| address.start_with?('bob') ? lends('bob') : P::DirectoryReply::NOT_FOUND.new }
    engine = engine("#{TWO}[encrypt]\nmode = \"if-possible\"").with_async_store(MemoryStore.new)
    engine = engine.with_async_directory('staff', directory).with_async_directory('others', directory)
    encryption = encrypt(engine, 'bob@goal.example', 'dan@other.example')
    assert_predicate directory, :have_met?
    assert_equal [['bob@goal.example']], encryption.messages.map(&:addresses)
    assert_equal ['dan@other.example'], encryption.left_out.map(&:address)
  end

  def test_hosts_that_raise_or_answer_nonsense
    [proc { raise 'gone' }, proc { nil }, proc { [] }, proc { [7] }, proc { raise NotImplementedError },
     proc { raise P::HostError::Unavailable.new(reason: 'gone') }].each do |answer|
      bad = MemoryStore.new
      bad.define_singleton_method(:find) { |_| answer.call }
      report = engine('import = true').with_async_store(bad).import_mail_async(pki('alice.eml'), import_context)
      assert_equal P::ImportOutcome::DEFERRED, report.outcome
      directory = Object.new
      directory.define_singleton_method(:resolve) { |_| answer.call }
      engine = engine(STAFF).with_async_store(MemoryStore.new).with_async_directory('staff', directory)
      error = assert_raises(P::EngineError::Unsealed) { encrypt(engine, 'bob@goal.example') }
      assert_equal P::RecipientOutcome::UNAVAILABLE, error.recipients[0].outcome
    end
  end

  def test_time_is_over_before_anybody_is_asked
    engine = engine(STAFF).with_async_store(MemoryStore.new)
    error = assert_raises(P::EngineError::Unsealed) { encrypt(engine, 'bob@goal.example', timeout_ms: 0) }
    assert_equal P::Fault::UNAVAILABLE, error.failure.fault
    assert_equal P::ImportOutcome::DEFERRED, engine.import_mail_async(pki('alice.eml'), import_context(timeout_ms: 0)).outcome
  end

  def test_many_calls_at_once
    engine = engine('import = true').with_async_store(MemoryStore.new)
    threads = Array.new(8) { Thread.new { engine.import_mail_async(pki('alice.eml'), import_context).outcome } }
    assert_equal({ P::ImportOutcome::IMPORTED => 1, P::ImportOutcome::ALREADY_KNOWN => 7 }, threads.map(&:value).tally)
  end

  def test_a_call_that_is_interrupted_leaves_nothing_behind
    directory = Object.new
    def directory.resolve(_) = sleep
    engine = engine(STAFF).with_async_store(MemoryStore.new).with_async_directory('staff', directory)
    thread = Thread.new { encrypt(engine, 'bob@goal.example') }
    sleep 0.2
    thread.kill
    assert thread.join(5), 'it did not end'
  end
end
