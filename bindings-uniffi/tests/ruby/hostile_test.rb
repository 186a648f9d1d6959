# frozen_string_literal: true

require_relative 'helper'

# Hosts that raise, and hosts that answer nonsense: always "unavailable", never "none", never a crash.
class HostileTest < Minitest::Test
  # A store whose answer to one question is a block's.
  class BadStore < MemoryStore
    def initialize(method, &answer)
      super()
      define_singleton_method(method, &answer)
    end
  end

  def import(store) = engine('import = true').with_store(store).import_mail(pki('alice.eml'), import_context)

  def assert_deferred(report, text = nil)
    assert_equal P::ImportOutcome::DEFERRED, report.outcome
    assert_equal P::Fault::UNAVAILABLE, report.error.fault
    assert_includes report.unavailable, text if text
  end

  def test_a_store_that_raises
    assert_deferred import(BadStore.new(:find) { |_| raise "gone\nsecond line" }), 'gone'
    assert_deferred import(BadStore.new(:put) { |_| raise ArgumentError, 'disk full' }), 'disk full'
    down = BadStore.new(:find) { |_| raise P::HostError::Unavailable.new(reason: 'db: locked') }
    assert_deferred import(down), 'db: locked'
    long = import(BadStore.new(:find) { |_| raise "x\e[31m" + 'y' * 5000 })
    assert_operator long.unavailable.bytesize, :<, 300
    refute_includes long.unavailable, "\e"
    refute_includes import(BadStore.new(:find) { |_| raise "gone\nsecond line" }).unavailable, 'second'
  end

  def test_a_store_that_answers_nonsense
    [nil, 7, 'x', [7], [nil], {}, [P::PutOutcome::STORED.new]].each do |nonsense|
      assert_deferred import(BadStore.new(:find) { |_| nonsense })
      assert_deferred import(BadStore.new(:put) { |_| nonsense })
    end
  end

  def test_a_store_that_answers_for_others
    wrong = [
      [], [P::Entry.new(address: 'bob@goal.example')],
      [P::Entry.new(address: 'alice@goal.example')] * 2,
      [P::Entry.new(address: 'no address')],
      [P::Entry.new(address: 'alice@goal.example', version: 1, certs: [stored(der: 'x')])],
      [P::Entry.new(address: 'alice@goal.example', version: 1, certs: [stored(issuer_key: 'zz')])],
      [P::Entry.new(address: 'alice@goal.example', version: 1, certs: [stored(issuers: ['x'])])]
    ]
    wrong.each { |entries| assert_deferred import(BadStore.new(:find) { |_| entries }) }
    conflict = P::PutOutcome::CONFLICT.new(entry: P::Entry.new(address: 'bob@goal.example', version: 4))
    refute_equal P::ImportOutcome::IMPORTED, import(BadStore.new(:put) { |_| conflict }).outcome
  end

  def test_a_store_that_is_always_in_conflict
    store = BadStore.new(:put) { |query| P::PutOutcome::CONFLICT.new(entry: P::Entry.new(address: query.address, version: 9)) }
    assert_deferred import(store)
    assert_equal 'store-contended', import(store).error.name
  end

  def test_exceptions_that_are_no_standard_errors_reach_the_caller
    [NotImplementedError, SystemExit, Interrupt].each do |type|
      raised = assert_raises(type) { import(BadStore.new(:find) { |_| raise type }) }
      assert_instance_of type, raised
    end
    assert_equal P::ImportOutcome::IMPORTED, import(MemoryStore.new).outcome
  end

  def test_objects_without_the_methods_are_refused_at_once
    assert_raises(TypeError) { engine.with_store(Object.new) }
    assert_raises(TypeError) { engine.with_directory('staff', 7) }
    assert_raises(TypeError) { engine.with_tracer(MemoryStore.new) }
  end

  def test_directories
    bad = [
      proc { raise 'gone' }, proc { nil }, proc { 7 }, proc { [] }, proc { [nil] },
      proc { P::DirectoryReply::UNAVAILABLE.new(reason: "down\nbecause") },
      proc { P::DirectoryReply::FOUND.new(certificates: 7) },
      proc { P::DirectoryReply::FOUND.new(certificates: [P::LentCertificate.new(der: 7)]) }
    ]
    bad.each { |answer| assert_unavailable(ScriptedDirectory.new(&answer)) }
    [[], nil, [P::DirectoryReply::NOT_FOUND.new] * 2, 'x'].each do |replies|
      directory = ScriptedDirectory.new { flunk }
      directory.define_singleton_method(:resolve) { |_| replies }
      assert_unavailable(directory)
    end
  end

  def test_lent_octets_that_are_no_certificate
    garbage = ScriptedDirectory.new { P::DirectoryReply::FOUND.new(certificates: [P::LentCertificate.new(der: 'garbage')]) }
    error = unsealed_by(garbage)
    assert_equal P::RecipientOutcome::UNUSABLE, error.recipients[0].outcome
    none = ScriptedDirectory.new { P::DirectoryReply::FOUND.new(certificates: []) }
    refute_equal P::RecipientOutcome::FOUND, unsealed_by(none).recipients[0].outcome
  end

  def test_a_tracer_that_raises_changes_nothing
    tracer = Object.new
    def tracer.event(_) = raise('full')
    engine = engine('import = true').with_store(MemoryStore.new).with_tracer(tracer)
    assert_equal P::ImportOutcome::IMPORTED, engine.import_mail(pki('alice.eml'), import_context).outcome
  end

  def test_a_store_that_calls_the_engine
    inner = MemoryStore.new
    helper = engine('import = true').with_store(inner)
    store = BadStore.new(:find) do |query|
      helper.import_mail(pki('bob.eml'), import_context)
      query.addresses.map { |address| P::Entry.new(address: address) }
    end
    assert_equal P::ImportOutcome::IMPORTED, import(store).outcome
    assert_equal ['bob@goal.example'], inner.entries('default').map(&:address)
  end

  def test_a_panic_is_an_error_and_the_process_goes_on
    library = P.const_get(:UniFFILib)
    broken = P.const_get(:RustBuffer).alloc_from_bytes("\xff".b * 3)
    method = library.singleton_methods.grep(/fn_func_address_key/).first
    assert_raises(P::InternalError) { P.rust_call(method, broken) }
    assert_equal P::ImportOutcome::IMPORTED, import(MemoryStore.new).outcome
  end

  # Most of them in the midst of other work, where a finalizer cannot take a lock.
  def test_objects_of_the_host_are_let_go
    plain = engine('import = true')
    2000.times do
      plain.with_store(MemoryStore.new).with_tracer(Recorder.new).import_mail(pki('plain.eml'), import_context)
    end
    GC.start
    [P::CertStore, P::Tracer].each do |type|
      assert_operator type.uniffi_handle_map.size, :<, 20, 'engines are gone, and what was given to them is not'
    end
  end

  private

  def stored(**changes)
    good = { state: P::CertState::ACTIVE, der: pki('alice.der'), issuers: [], issuer_key: '00' * 32,
             source: P::Source::SIGNED_MAIL, imported_at: 0 }
    P::StoredCert.new(**good, **changes)
  end

  def unsealed_by(directory)
    engine = engine(STAFF).with_store(MemoryStore.new).with_directory('staff', directory)
    assert_raises(P::EngineError::Unsealed) { engine.encrypt(pki('plain.eml'), ['bob@goal.example'], [], encrypt_context) }
  end

  def assert_unavailable(directory)
    error = unsealed_by(directory)
    assert_equal P::Fault::UNAVAILABLE, error.failure.fault
    assert_equal P::RecipientOutcome::UNAVAILABLE, error.recipients[0].outcome
    refute error.recipients[0].may_get_plaintext
    refute_includes error.recipients[0].unavailable.to_s, 'because'
  end
end
