# frozen_string_literal: true

require_relative 'helper'

# Every public function is in the tours of the examples, which are run.
class TourTest < Minitest::Test
  TYPES = [P::Engine, P::ImportOperation, P::EncryptOperation, P::Question, P::Change].freeze

  def functions
    own = TYPES.flat_map { |type| type.instance_methods(false) + type.singleton_methods(false) }
    of_the_module = P.singleton_methods(false)
    hidden = /uniffi|rust_call|consume_buffer|inspect|initialize/
    (own + of_the_module).uniq.reject { |name| name.to_s.match?(hidden) }
  end

  def test_every_function_has_an_example
    ruby = File.read(File.join(ROOT, 'bindings-uniffi/examples/ruby/tour.rb'))
    kotlin = File.read(File.join(ROOT, 'bindings-uniffi/examples/kotlin/Tour.kt'))
    assert_operator functions.length, :>, 25
    functions.each do |name|
      assert_match(/\b#{name}\b/, ruby, "#{name} is not in tour.rb")
      next if name == :name_of # enums have names in Kotlin

      camel = name.to_s.gsub(/_(\w)/) { Regexp.last_match(1).upcase }
      assert_match(/\b#{camel}\b/, kotlin, "#{camel} is not in Tour.kt")
    end
  end

  def test_the_readme_has_the_examples_that_are_run
    binding = File.join(ROOT, 'bindings-uniffi')
    readme = File.read(File.join(binding, 'README.md'))
    %w[ruby/gateway.rb kotlin/Gateway.kt swift/Gateway.swift].each do |name|
      assert_includes readme, File.read(File.join(binding, 'examples', name)), name
    end
  end
end
