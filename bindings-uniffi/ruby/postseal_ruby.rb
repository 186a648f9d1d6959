# frozen_string_literal: true

# Loads the generated `postseal.rb`, and puts right what uniffi 0.32 does not do for Ruby.

require 'io/wait' # The generated code waits on a pipe, and Ruby 3.1 has that in this library.
require 'postseal'

module Postseal
  # The name of a value of an enum: uniffi makes integers of enums without members.
  #
  #     Postseal.name_of(Postseal::ImportOutcome, report.outcome) # => "already-known"
  def self.name_of(enum, value)
    name = enum.constants.find { |constant| enum.const_get(constant) == value }
    raise ArgumentError, "#{value.inspect} is no #{enum.name}" unless name

    name.to_s.downcase.tr('_', '-')
  end

  # Objects of the host are let go by finalizers. Ruby runs these where no lock can be taken (ThreadError), so that the object would
  # stay for ever. Under MRI one look into a Hash, or one deletion, needs no lock.
  class UniffiHandleMap
    def get(handle)
      @map.fetch(handle) { raise InternalError, 'the object is gone' }
    end

    def remove(handle)
      @map.delete(handle) { raise InternalError, 'the object is gone' }
    end
  end

  # Octets go over in one piece, not as an Array of them: a mail of 50 KB costs milliseconds otherwise.
  class RustBufferBuilder
    def write(value)
      reserve(value.bytesize) { @rust_buf.data.put_bytes(@rust_buf.len, value) }
    end

    def write_bytes(value)
      octets = Postseal.uniffi_bytes(value)
      pack_into(4, 'l>', octets.bytesize)
      write(octets)
    end
  end
end
