# frozen_string_literal: true

require_relative 'helper'

# The attack corpus with its right verdicts, each mail on an empty store: the rules of core/tests/attacks.rs.
class CorpusTest < Minitest::Test
  ATTACKS = File.join(ROOT, 'corpus/attacks')
  ROWS = File.readlines(File.join(ATTACKS, 'cases.jsonl')).map { |row| JSON.parse(row) }

  def import(row)
    anchors = row['anchors'].map(&:inspect).join(', ')
    engine = P::Engine.from_configuration("trust = [#{anchors}]\nimport = true", ATTACKS).with_store(MemoryStore.new)
    now = Time.new(*row['verify_at'].scan(/\d+/).map(&:to_i), 'UTC').to_i
    report = engine.import_mail(read(File.join(ATTACKS, row['file'])), import_context(now: now))
    active = engine.entries(nil).select { |entry| entry.certs.any? { |cert| cert.state == P::CertState::ACTIVE } }
    [report, active.map { |entry| P.address_key(entry.address) }]
  end

  def right?(row, report, active)
    return false if (active & row['must_never_import_for']).any?

    case row['verdict']
    when 'may-import' then report.outcome == P::ImportOutcome::IMPORTED && active.length == 1 && (active - row['import_for']).empty?
    when 'must-not-import' then active.empty?
    when 'either' then true
    end
  end

  def test_every_verdict
    imported = 0
    wrong = ROWS.reject do |row|
      report, active = import(row)
      imported += 1 if report.outcome == P::ImportOutcome::IMPORTED
      right?(row, report, active)
    end
    assert_empty(wrong.map { |row| row['case'] })
    assert_operator ROWS.length, :>, 150
    puts "Ruby: attack corpus: #{ROWS.length} cases, #{imported} imported, 0 wrong"
  end
end
