# frozen_string_literal: true

require_relative 'helper'
require_relative 'transcript'

# Conversations that were recorded once, and are the same in every language.
class TranscriptsTest < Minitest::Test
  FLAT = Dir[File.join(ENV.fetch('POSTSEAL_TEST_TRANSCRIPTS', ''), '*.flat')].sort
  FOLDER = File.join(ROOT, 'transcripts')
  warn 'SKIPPED: no transcripts; nothing was replayed in Ruby' if FLAT.empty?
  Minitest.after_run { puts "Ruby: #{FLAT.length} transcripts replayed" unless FLAT.empty? }

  FLAT.each do |path|
    define_method("test_#{File.basename(path, '.flat')}") do
      expected, got = Transcript.new(path, ENV.fetch('POSTSEAL_TEST_TRANSCRIPT_FOLDER', FOLDER)).play
      assert_equal expected['outcome'], got['outcome']
      assert_equal expected['event'], got['event']
    end
  end

  def test_that_a_difference_is_seen
    skip 'no transcripts' if FLAT.empty?
    path = FLAT.find { |name| name.end_with?('/import-first.flat') }
    Tempfile.create('flat') do |file|
      file.write(File.read(path).sub(/^outcome\.outcome\t.*$/, "outcome.outcome\trenewed"))
      file.flush
      expected, got = Transcript.new(file.path, ENV.fetch('POSTSEAL_TEST_TRANSCRIPT_FOLDER', FOLDER)).play
      refute_equal expected, got
    end
  end
end
